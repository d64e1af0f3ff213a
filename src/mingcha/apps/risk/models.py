"""Trained models and the scores in force. A model's bytes are in a folder named by its digest."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .choices import AppealOutcome, AppealState, CorrectedBy, HandedBy, ModelState, RiskClass, Turn


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


class ModelSignature(models.Model):
    """A model put into force by a person: on what verdict, for what reason, and under which text of limits. Never
    changed; a model may be signed again after another."""

    model = models.ForeignKey(RiskModel, models.PROTECT, related_name="signatures")
    before = models.ForeignKey(RiskModel, models.PROTECT, null=True, blank=True, related_name="+")  # the one replaced
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    at = models.DateTimeField(_("signed"), auto_now_add=True)
    passed = models.BooleanField(_("passed the gates"))
    verdict = models.JSONField(default=dict)  # the card's challenge, as it was then; {} for a first model
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    limits = models.CharField(max_length=20, blank=True)  # version of limits.py's text
    limits_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("signature of a model")
        ordering = ["-id"]

    def __str__(self):
        return f"{self.model_id} {self.at:%Y-%m-%d}"


class Scoring(models.Model):
    """One scoring of everyone whom a model may score. What its page counts is counted once, in `cells`."""

    model = models.ForeignKey(RiskModel, models.PROTECT, related_name="scorings")
    as_of = models.DateField(_("facts before"))
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    scored = models.PositiveIntegerField(_("scored"))
    base_rate = models.FloatField(_("base rate"))  # of the training: what classes are multiples of
    in_force = models.BooleanField(_("in force"))
    leading = models.BooleanField(default=True)  # it gave entities their class, else only the point's score
    drift = models.JSONField(default=dict)  # drift.py
    before = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")  # in force before it
    compared = models.BooleanField(default=False)  # there were scores before it, from which classes moved
    gone = models.PositiveIntegerField(default=0)  # scored before it, and no more

    class Meta:
        verbose_name = _("scoring")
        ordering = ["-id"]

    def __str__(self):
        return f"{self.model_id} {self.as_of}"


class ScoringCell(models.Model):
    """How many entities of a place, an industry, a class now and before a scoring found, and what it expects of them.

    `division` is cut to the township (9 digits). `before` is "" where the entity had no class.
    """

    scoring = models.ForeignKey(Scoring, models.CASCADE, related_name="cells")
    division = models.CharField(max_length=9, blank=True)
    district = models.CharField(max_length=100, blank=True)
    industry = models.CharField(max_length=100, blank=True)
    risk_class = models.CharField(max_length=1, choices=RiskClass.choices)
    before = models.CharField(max_length=1, choices=RiskClass.choices, blank=True)
    entities = models.PositiveIntegerField()
    expected = models.FloatField()  # violations, were each visited once

    class Meta:
        verbose_name = _("cell of a scoring")
        constraints = [
            models.UniqueConstraint(
                fields=["scoring", "division", "district", "industry", "risk_class", "before"], name="risk_cell_one"
            )
        ]

    def __str__(self):
        return f"{self.district} {self.industry} {self.risk_class} {self.entities}"


class Backtest(models.Model):
    """A rolling backtest of a risk point, kept as it was found (backtests.rolling_report)."""

    dataset = models.ForeignKey("exchange.Dataset", models.PROTECT, related_name="risk_backtests")
    risk_point = models.CharField(_("risk point"), max_length=80)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    report = models.JSONField()
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("backtest")
        ordering = ["-id"]

    def __str__(self):
        return f"{self.risk_point} {self.made_at:%Y-%m-%d}"


class Score(models.Model):
    """A score in force, of the champion that scored last. All that ever were lie in files beside the model."""

    model = models.ForeignKey(RiskModel, models.PROTECT, related_name="%(class)ss")
    probability = models.FloatField(_("probability of violation"), db_index=True)
    risk_class = models.CharField(_("risk class"), max_length=1, choices=RiskClass.choices)
    as_of = models.DateField(_("facts before"))
    district = models.CharField(max_length=100, blank=True)  # the entity's, when it was scored: lists agree with cells
    industry = models.CharField(max_length=100, blank=True)
    move = models.CharField(max_length=2, blank=True)  # class before and now, "-D" where there was none, "" unchanged
    turn = models.CharField(max_length=6, choices=Turn.choices, blank=True)  # what the move comes to
    last_visit = models.DateField(_("last visit"), null=True, blank=True)  # known when it was scored
    reasons = models.CharField(max_length=40, blank=True)  # places of what raises it most, in the card's factors

    class Meta:
        abstract = True
        indexes = [
            models.Index(fields=["risk_class", "probability"], name="%(class)s_class"),
            models.Index(fields=["risk_class", "entity"], name="%(class)s_whom"),
            models.Index(fields=["move", "probability"], name="%(class)s_move"),
            models.Index(fields=["turn", "probability"], name="%(class)s_turn"),
            models.Index(fields=["district", "risk_class", "probability"], name="%(class)s_place"),
            models.Index(fields=["industry", "district", "risk_class"], name="%(class)s_trade"),
            models.Index(fields=["last_visit"], name="%(class)s_visit"),
        ]

    def __str__(self):
        return f"{self.entity_id} {self.probability:.3f}"


class RiskScore(Score):
    """The score that gives an entity its class: of the leading risk point (selectors.leads)."""

    entity = models.OneToOneField("entities.Entity", models.PROTECT, related_name="risk", primary_key=True)

    class Meta(Score.Meta):
        verbose_name = _("risk score")


class PointScore(Score):
    """An entity's score of another risk point, by which plans about that point are aimed."""

    entity = models.ForeignKey("entities.Entity", models.PROTECT, related_name="point_scores")

    class Meta(Score.Meta):
        verbose_name = _("score of a risk point")
        constraints = [models.UniqueConstraint(fields=["model", "entity"], name="risk_point_score_one")]


class Appeal(models.Model):
    """What an entity says against its risk class, and the answer. The score that it speaks of is kept with it: the one
    in force changes."""

    number = models.CharField(_("number"), max_length=40, unique=True)  # RA-2026-000001
    entity = models.ForeignKey("entities.Entity", models.PROTECT, related_name="appeals", verbose_name=_("entity"))
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
    outcome = models.CharField(_("outcome"), max_length=12, choices=AppealOutcome.choices, blank=True)
    corrected_by = models.CharField(_("corrected by"), max_length=12, choices=CorrectedBy.choices, blank=True)
    corrected_in = models.CharField(_("correction"), max_length=200, blank=True)  # number or address of what was done
    probability_after = models.FloatField(null=True, blank=True)  # where the score was computed again
    class_after = models.CharField(max_length=1, choices=RiskClass.choices, blank=True)

    class Meta:
        verbose_name = _("appeal against a risk class")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["entity"], condition=Q(state="open"), name="risk_appeal_one_open"),
        ]

    def __str__(self):
        return f"{self.entity_id} {self.state}"

    @property
    def dataset(self) -> str:
        """The dataset in which data were corrected, where its answer names one."""
        return self.corrected_in.partition("/")[0]


class AppealEvidence(models.Model):
    """A file that the firm handed in with its appeal. Its bytes are kept under their digest (evidence.py)."""

    appeal = models.ForeignKey(Appeal, models.PROTECT, related_name="evidence")
    name = models.CharField(_("file"), max_length=255)
    mime = models.CharField(max_length=100)  # by its bytes, not by its name
    bytes = models.PositiveBigIntegerField(_("bytes"))
    sha256 = models.CharField(max_length=64)
    added_at = models.DateTimeField(auto_now_add=True)
    added_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        verbose_name = _("evidence of an appeal")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["appeal", "sha256"], name="risk_evidence_once")]

    def __str__(self):
        return self.name


class Statement(models.Model):
    """Words about a firm's class that it was, or may be, shown: frozen with their digest when they were issued."""

    number = models.CharField(_("number"), max_length=40, unique=True)  # RE-2026-000001
    entity = models.ForeignKey("entities.Entity", models.PROTECT, related_name="statements")
    model = models.ForeignKey(RiskModel, models.PROTECT, related_name="statements")
    content = models.JSONField()  # words.py: {"zh": {...}, "en": {...}}
    digest = models.CharField(_("digest"), max_length=64)
    issued_at = models.DateTimeField(_("issued"))
    issued_by = models.ForeignKey("accounts.User", models.PROTECT, related_name="+")
    handed_at = models.DateTimeField(_("handed out"), null=True, blank=True)
    handed_by = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    handed_how = models.CharField(_("way"), max_length=12, choices=HandedBy.choices, blank=True)
    handed_to = models.CharField(_("received by"), max_length=60, blank=True)
    simulated = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("statement of reasons")
        ordering = ["-id"]

    def __str__(self):
        return self.number
