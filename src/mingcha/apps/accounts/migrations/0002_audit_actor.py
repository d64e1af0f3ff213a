from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [
        migrations.AddField(
            "auditrecord",
            "actor",
            models.CharField("actor", max_length=100, blank=True, default=""),
            preserve_default=False,
        ),
    ]
