"""Where the memory is: the process, the device, every storage by name, growth by statement."""
