"""Datasets, accepted batches and the files they brought. A row here is what makes a lake file exist."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Dataset(models.Model):
    """A dataset that a department supplies, with its contract in force."""

    name = models.SlugField(_("name"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=200)
    department = models.CharField(_("department"), max_length=200, blank=True)
    contract = models.TextField(_("contract"))  # the YAML, as given
    document = models.JSONField()  # the same as data, checked: reading.contract_of makes the Contract of it
    version = models.CharField(_("version"), max_length=40)
    digest = models.CharField(max_length=64)
    keyed_by = models.CharField(_("keyed by"), max_length=10)
    simulated = models.BooleanField(_("simulated"), default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("dataset")
        ordering = ["name"]

    def __str__(self):
        return self.title


class Batch(models.Model):
    """One accepted delivery. It is written last, with its files' rows: before it, nothing of the batch is seen.

    rows_read = rows_accepted + rows_duplicate + rows_quarantined + rows_left_out.
    """

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="batches", verbose_name=_("dataset"))
    number = models.PositiveIntegerField(_("number"))  # within the dataset, from 1: `_batch` of its rows
    contract_digest = models.CharField(max_length=64)
    version = models.CharField(_("version"), max_length=40)
    rows_read = models.BigIntegerField(_("rows read"))
    rows_accepted = models.BigIntegerField(_("accepted"))
    rows_changed = models.BigIntegerField(_("new versions of known records"), default=0)  # among the accepted
    rows_duplicate = models.BigIntegerField(_("already known"))
    rows_quarantined = models.BigIntegerField(_("in quarantine"))
    rows_left_out = models.BigIntegerField(_("left out by the selection"), default=0)
    warnings = models.BigIntegerField(_("warnings"), default=0)
    seconds = models.FloatField(_("seconds"))
    received_at = models.DateTimeField(_("received"), db_index=True)
    replay_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replays")
    user = models.ForeignKey("accounts.User", models.PROTECT, null=True, blank=True, related_name="+")
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True)  # its rows are in the lake no more

    class Meta:
        verbose_name = _("batch")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="batch_number_once")]

    def __str__(self):
        return f"{self.dataset.name}/{self.number}"


class SourceFile(models.Model):
    """A delivered file, by content: the same bytes (and selection of rows) are never taken twice into one dataset."""

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="source_files")
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="source_files")
    position = models.PositiveIntegerField()  # in the batch, from 1: `_file` of its rows
    name = models.CharField(_("file"), max_length=255)
    sha256 = models.CharField(max_length=64)
    selection = models.CharField(_("selection"), max_length=1000, blank=True)  # the condition on rows to take
    bytes = models.BigIntegerField(_("bytes"))
    encoding = models.CharField(_("encoding"), max_length=20, blank=True)
    rows = models.BigIntegerField(_("rows"))
    not_taken = models.JSONField(default=list)  # its columns that the contract does not ask for
    withdrawn = models.BooleanField(default=False)  # with its batch: it may be delivered again

    class Meta:
        verbose_name = _("source file")
        ordering = ["batch", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "sha256", "selection"], condition=Q(withdrawn=False), name="source_file_once"
            ),
        ]

    def __str__(self):
        return self.name


class LakeFile(models.Model):
    """A Parquet file of the lake, its path relative to the lake's folder. Never rewritten: superseded, then retired."""

    class Kind(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        CLUSTERED = "clustered", _("clustered")
        SUPERSEDED = "superseded", _("superseded versions")
        QUARANTINE = "quarantine", _("quarantine")

    dataset = models.ForeignKey(Dataset, models.PROTECT, related_name="files")
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, blank=True, related_name="files")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    path = models.CharField(max_length=255, unique=True)
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["dataset", "kind"], condition=Q(retired_at=None), name="lake_file_live"),
        ]

    def __str__(self):
        return self.path


class QuarantineReason(models.Model):
    """How many rows of a batch a rule held back; the rows themselves are in the batch's quarantine file."""

    batch = models.ForeignKey(Batch, models.PROTECT, related_name="reasons")
    field = models.CharField(_("field"), max_length=100, blank=True)
    rule = models.CharField(_("rule"), max_length=100)
    reason_zh = models.CharField(max_length=300)
    reason_en = models.CharField(max_length=300)
    rows = models.BigIntegerField(_("rows"))
    warning = models.BooleanField(default=False)  # the rows were kept
    closed_at = models.DateTimeField(null=True, blank=True)  # a replay took the batch's quarantine over

    class Meta:
        verbose_name = _("quarantine reason")
        ordering = ["-rows"]

    def __str__(self):
        return self.reason_zh
