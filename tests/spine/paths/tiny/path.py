"""The tiny path: gather → shout → sum up."""

from workshop import gather, shout, sum_up

from octavo.spine.stage import Step

STAGES = (
    Step("gather", gather.STAGE),
    Step("shout", shout.STAGE, {"documents": "gather"}),
    Step("sum_up", sum_up.STAGE, {"documents": "shout"}),
)


def closing(project, artifacts) -> str:
    return f"made {', '.join(sorted(artifacts))} for {project.name}"
