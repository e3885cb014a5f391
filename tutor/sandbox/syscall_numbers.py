"""System call numbers of Linux on x86_64 and aarch64, from the kernel's unistd headers."""

from __future__ import annotations

import platform

_TABLE = """
socket 41 198
connect 42 203
bind 49 200
sendto 44 206
sendmsg 46 211
sendmmsg 307 269
socketpair 53 199
clone 56 220
clone3 435 435
kill 62 129
tkill 200 130
tgkill 234 131
rt_sigqueueinfo 129 138
rt_tgsigqueueinfo 297 240
pidfd_send_signal 424 424
pidfd_open 434 434
pidfd_getfd 438 438
ptrace 101 117
process_vm_readv 310 270
process_vm_writev 311 271
kcmp 312 272
process_madvise 440 440
process_mrelease 448 448
perf_event_open 298 241
bpf 321 280
userfaultfd 323 282
io_uring_setup 425 425
io_uring_enter 426 426
io_uring_register 427 427
add_key 248 217
request_key 249 218
keyctl 250 219
unshare 272 97
setns 308 268
mount 165 40
umount2 166 39
pivot_root 155 41
chroot 161 51
open_tree 428 428
move_mount 429 429
fsopen 430 430
fsconfig 431 431
fsmount 432 432
fspick 433 433
mount_setattr 442 442
open_tree_attr 467 467
name_to_handle_at 303 264
open_by_handle_at 304 265
fanotify_init 300 262
init_module 175 105
finit_module 313 273
delete_module 176 106
kexec_load 246 104
kexec_file_load 320 294
reboot 169 142
swapon 167 224
swapoff 168 225
syslog 103 116
acct 163 89
quotactl 179 60
quotactl_fd 443 443
settimeofday 164 170
clock_settime 227 112
adjtimex 159 171
clock_adjtime 305 266
sethostname 170 161
setdomainname 171 162
iopl 172 -
ioperm 173 -
modify_ldt 154 -
vhangup 153 58
shmget 29 194
semget 64 190
msgget 68 186
mq_open 240 180
memfd_secret 447 447
migrate_pages 256 238
move_pages 279 239
ioctl 16 29
prlimit64 302 261
sched_setparam 142 118
sched_setscheduler 144 119
sched_setattr 314 274
sched_setaffinity 203 122
setpriority 141 140
ioprio_set 251 30
fcntl 72 25
truncate 76 45
open 2 -
openat 257 56
creat 85 -
mknod 133 -
mknodat 259 33
openat2 437 437
chmod 90 -
fchmod 91 52
fchmodat 268 53
fchmodat2 452 452
chown 92 -
fchown 93 55
lchown 94 -
fchownat 260 54
setxattr 188 5
lsetxattr 189 6
fsetxattr 190 7
setxattrat 463 463
removexattr 197 14
lremovexattr 198 15
fremovexattr 199 16
removexattrat 466 466
file_setattr 469 469
utime 132 -
utimes 235 -
utimensat 280 88
futimesat 261 -
inotify_add_watch 254 27
listen 50 201
link 86 -
linkat 265 37
unlink 87 -
unlinkat 263 35
memfd_create 319 279
capset 126 91
seccomp 317 277
landlock_create_ruleset 444 444
landlock_add_rule 445 445
landlock_restrict_self 446 446
"""

LAST_KNOWN = 470
"""The newest call that the rules were made with: listns of Linux 6.19."""

MACHINE = {"arm64": "aarch64", "amd64": "x86_64"}.get(platform.machine(), platform.machine())
"""The processor architecture, named as Linux does."""


def numbers(machine: str = MACHINE) -> dict[str, int]:
    """Name → number for `machine`; calls that it lacks, and machines not listed, are absent."""
    column = {"x86_64": 1, "aarch64": 2}.get(machine)
    if column is None:
        return {}
    rows = (line.split() for line in _TABLE.split("\n") if line)
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}
