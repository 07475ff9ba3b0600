"""MicroPython's `vfs` on a board with a ROMFS partition, or without one."""

import vfs as own


def with_romfs(rom):
    """What `import vfs` gives. rom: (partition, memory), or None on a board without the partition."""

    class Vfs:
        VfsLfs2, VfsRom = own.VfsLfs2, own.VfsRom
        mount, umount = staticmethod(own.mount), staticmethod(own.umount)

        @staticmethod
        def rom_ioctl(operation, *_):
            if operation == 1:
                return 1 if rom else 0
            return rom[0] if operation == 2 and rom else -22

    return Vfs
