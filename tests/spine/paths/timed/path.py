"""The tiny path with an account of what it cost."""

from workshop import account, gather, shout

from octavo.spine.stage import Step

STAGES = (
    Step("gather", gather.STAGE),
    Step("shout", shout.STAGE, {"documents": "gather"}),
    Step("account", account.STAGE, {"documents": "shout"}),
)
