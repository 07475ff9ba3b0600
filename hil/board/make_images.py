"""Formats flash images and puts files on them:  micropython make_images.py LISTING.json  {image: {name: hex}}"""

import sys

sys.path[:] = [sys.path[0], ".frozen"]
import json  # noqa: E402

import board_channel  # noqa: E402
import esp32  # noqa: E402
import vfs  # noqa: E402

with open(sys.argv[1]) as listing:
    images = json.load(listing)
for image in sorted(images):
    esp32.set_image(image)
    partition = esp32.Partition()
    vfs.VfsLfs2.mkfs(partition)
    vfs.mount(vfs.VfsLfs2(partition), "/flash")
    for name, data in images[image].items():
        with open("/flash/" + name, "wb") as file:
            file.write(bytes.fromhex(data))
    vfs.umount("/flash")
    board_channel.forget()  # erases are of no interest here
