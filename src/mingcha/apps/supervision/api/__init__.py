"""Operations of supervision: plans, tasks, registers, and what anyone may see."""

from ninja import Router

from . import plans, public, registers, tasks

router = Router()
for part in (plans, tasks, registers, public):
    router.add_router("", part.router)
