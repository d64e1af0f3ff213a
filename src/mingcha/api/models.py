"""Answers that are kept, so that a request that comes twice is done once; and counts for the limits."""

from django.db import models


class Answer(models.Model):
    """What a POST with an Idempotency-Key was answered, for a day. While it is being done, `lease` names who does
    it and `status` is empty."""

    token = models.ForeignKey("accounts.ApiToken", models.CASCADE, related_name="+")
    key = models.CharField(max_length=128)
    digest = models.CharField(max_length=64)  # of method, address and body
    lease = models.UUIDField(null=True)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "key"], name="api_answer_once")]
        indexes = [models.Index(fields=["token", "at"])]

    def __str__(self):
        return self.key


class Count(models.Model):
    """Requests of one kind in one minute (limits.py). On SQLite the same table is in a file of its own."""

    key = models.CharField(max_length=200, primary_key=True)
    minute = models.BigIntegerField(db_index=True)
    n = models.PositiveIntegerField()

    def __str__(self):
        return f"{self.key}: {self.n}"
