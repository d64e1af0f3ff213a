from django.db import migrations


class Migration(migrations.Migration):
    replaces = [("jobs", "0001_initial"), ("jobs", "0002_stop_asked_at")]
    dependencies = []
    operations = []
