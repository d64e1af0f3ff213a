"""Trained models and the scores in force. A model's bytes are in a folder named by its digest."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .choices import AppealState, ModelState, RiskClass


class RiskModel(models.Model):
    """A trained model of one risk point of one dataset of inspections."""

    number = models.CharField(_("number"), max_length=40, unique=True)  # M-2026.11-1
    dataset = models.ForeignKey("exchange.Dataset", models.PROTECT, related_name="risk_models")
    risk_point = models.CharField(_("risk point"), max_length=80)
    title = models.CharField(_("title"), max_length=200)
    state = models.CharField(max_length=12, choices=ModelState.choices, default=ModelState.CHALLENGER)
    trained_until = models.DateField(_("trained on facts before"))
    folder = models.CharField(max_length=255)  # relative to the instance's models/
    digest = models.CharField(_("digest"), max_length=64)
    card = models.JSONField()  # engines/risk/card.py
    drift = models.JSONField(default=dict)  # drift.py, at the latest scoring; {} before the first
    trained_at = models.DateTimeField(auto_now_add=True)
    signed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("risk model")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "risk_point"],
                condition=Q(state="champion"),
                name="risk_model_one_champion",
            )
        ]

    def __str__(self):
        return self.number


class Score(models.Model):
    """A score in force, of the champion that scored last. All that ever were lie in files beside the model."""

    model = models.ForeignKey(RiskModel, models.PROTECT, related_name="%(class)ss")
    probability = models.FloatField(_("probability of violation"), db_index=True)
    risk_class = models.CharField(_("risk class"), max_length=1, choices=RiskClass.choices, db_index=True)
    as_of = models.DateField(_("facts before"))

    class Meta:
        abstract = True

    def __str__(self):
        return f"{self.entity_id} {self.probability:.3f}"


class RiskScore(Score):
    """The score that gives an entity its class: of the leading risk point (selectors.leads)."""

    entity = models.OneToOneField("entities.Entity", models.PROTECT, related_name="risk", primary_key=True)

    class Meta:
        verbose_name = _("risk score")


class PointScore(Score):
    """An entity's score of another risk point, by which plans about that point are aimed."""

    entity = models.ForeignKey("entities.Entity", models.PROTECT, related_name="point_scores")

    class Meta:
        verbose_name = _("score of a risk point")
        constraints = [models.UniqueConstraint(fields=["model", "entity"], name="risk_point_score_one")]


class Appeal(models.Model):
    """What an entity says against its risk class, and the answer. The score that it speaks of is kept with it: the one
    in force changes."""

    entity = models.ForeignKey("entities.Entity", models.PROTECT, related_name="appeals")
    model = models.ForeignKey(RiskModel, models.PROTECT, related_name="appeals")
    probability = models.FloatField(_("probability of violation"))
    risk_class = models.CharField(_("risk class"), max_length=1, choices=RiskClass.choices)
    as_of = models.DateField(_("facts before"))
    text = models.TextField(_("what the entity says"))
    state = models.CharField(max_length=12, choices=AppealState.choices, default=AppealState.OPEN)
    filed_at = models.DateTimeField(auto_now_add=True)
    filed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("appeal against a risk class")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["entity"], condition=Q(state="open"), name="risk_appeal_one_open"),
        ]

    def __str__(self):
        return f"{self.entity_id} {self.state}"
