"""The subcommands of `torch-tutor`, one file each; a file is imported only when it is asked for."""
