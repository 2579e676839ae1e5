"""The tiny path with an account of what it cost."""

from octavo.spine.stage import Step
from workshop import account, gather, shout

STAGES = (
    Step("gather", gather.STAGE),
    Step("shout", shout.STAGE, {"documents": "gather"}),
    Step("account", account.STAGE, {"documents": "shout"}),
)
