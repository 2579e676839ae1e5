"""A training of seconds, and who listens to it."""

from octavo.model.network.decoder import Decoder
from octavo.model.network.shape import Course
from octavo.model.training.loop import Training
from octavo.model.training.method import NextToken
from octavo.model.training.packing import join, pack


class Heard:
    """Keeps what a training tells."""

    def __init__(self):
        self.readings = []

    def progress(self, *told):
        pass

    def reading(self, values):
        self.readings.append(values)


def training(scratch, shape, machine, steps=12, rate=5e-3, **others):
    def begin():
        model = Decoder(shape)
        model.initialise(0)
        return model

    rows = pack(join([[(7 * i + k) % 50 for k in range(40)] for i in range(40)]), 32)
    method = NextToken(begin, rows, batch=8, micro=4, seed=0)
    return Training(method, Course(steps, rate, warmup=2, decay=4, **others), machine, scratch, 4.0)
