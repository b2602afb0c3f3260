"""Other programs' reading of a picture, brought into one form: numpy arrays of rows, columns and 3 or 4 channels of 8 bits."""

import io
import os
import subprocess

# libvips reads these when it is loaded.
os.environ["VIPS_CONCURRENCY"] = "1"
os.environ["VIPS_WARNING"] = "0"

import numpy as np
import PIL.Image
import pyvips

pyvips.cache_set_max(0)


class Refused(Exception):
    pass


class Ours:
    """`imaging-dump`, which answers one line to one line."""

    def __init__(self, path, scratch):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.scratch = scratch
        self.number = 0

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer:
            raise SystemExit(f"imaging-dump died at the request: {' '.join(map(str, words))}")
        if answer.startswith("error"):
            raise Refused(answer)
        return answer

    def stored(self, data):
        """A file with `data` whose name no earlier file had: our program remembers the last picture by its path."""
        self.number += 1
        (self.scratch / f"{self.number - 1}").unlink(missing_ok=True)
        path = self.scratch / f"{self.number}"
        path.write_bytes(data)
        return path

    def array(self, *words):
        target = self.scratch / "raw"
        width, height, channels = map(int, self.ask(*words, target).split())
        return np.frombuffer(target.read_bytes(), np.uint8).reshape(height, width, channels)

    def pixels(self, data):
        return self.array("pixels", self.stored(data))

    def accepts(self, data):
        try:
            self.ask("verdict", self.stored(data))
        except Refused:
            return False
        return True


def eight_bits(samples):
    """16 bits as the nearest of 256 levels; 65535 is 257 times 255."""
    if samples.dtype == np.uint8:
        return samples
    return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)


def with_colour(samples):
    """One or two channels of grey become three or four."""
    if samples.ndim == 2:
        samples = samples[:, :, None]
    if samples.shape[2] in (1, 2):
        samples = np.concatenate([samples[:, :, :1]] * 3 + [samples[:, :, 1:]], axis=2)
    return samples


def inks_to_rgb(cmyk):
    """CMYK where 255 is full ink, without a profile: what is left of the light after the ink and after the black."""
    light = 255 - cmyk.astype(np.uint32)
    return ((light[:, :, :3] * light[:, :, 3:] + 127) // 255).astype(np.uint8)


def vips_array(image):
    samples = image.write_to_memory()
    kind = {"uchar": np.uint8, "ushort": np.uint16}[image.format]
    return np.frombuffer(samples, kind).reshape(image.height, image.width, image.bands)


def vips_pixels(data):
    try:
        image = pyvips.Image.new_from_buffer(data, "", fail_on="error")
        samples = vips_array(image)
    except pyvips.Error as error:
        raise Refused(str(error)) from None
    if image.interpretation == "cmyk":
        return inks_to_rgb(samples)
    return with_colour(eight_bits(samples))


def vips_accepts(data):
    try:
        pyvips.Image.new_from_buffer(data, "", fail_on="error").copy_memory()
    except pyvips.Error:
        return False
    return True


def pillow_pixels(data):
    with PIL.Image.open(io.BytesIO(data)) as image:
        if image.mode == "CMYK":
            # Pillow has turned Adobe's inverted inks already.
            return inks_to_rgb(np.array(image))
        if image.mode.startswith("I;16"):
            return with_colour(eight_bits(np.array(image).astype(np.uint16)))
        return np.array(image.convert("RGBA" if image.has_transparency_data else "RGB"))


def tool(command, data):
    """What another program of the system writes to standard output."""
    done = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Refused(f"{command[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def image_pixels(data):
    """What is written in PPM, PGM or PNG."""
    with PIL.Image.open(io.BytesIO(data)) as image:
        return with_colour(np.array(image))


def djpeg_pixels(data):
    return image_pixels(tool(["/usr/bin/djpeg", "-pnm"], data))


def dwebp_pixels(data):
    return image_pixels(tool(["/usr/bin/dwebp", "-quiet", "-o", "-", "--", "-"], data))
