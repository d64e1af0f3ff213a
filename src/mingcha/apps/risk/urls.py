from django.urls import path

from .views import appeals, insight, models, statements, work

app_name = "risk"
urlpatterns = [
    path("", insight.overview, name="insight"),
    path("firms/", insight.firms, name="firms"),
    path("firms/<str:point>/", insight.firms, name="firms-of-point"),
    path("limits/", models.limits, name="limits"),
    path("models/", models.models, name="models"),
    path("models/train/", work.train, name="train"),
    path("models/<str:number>/", models.model, name="model"),
    path("models/<str:number>/factors/<int:place>/", models.factor, name="factor"),
    path("models/<str:number>/limits/", models.limits, name="model-limits"),
    path("models/<str:number>/score/", work.score, name="score"),
    path("models/<str:number>/sign/", models.sign, name="sign"),
    path("backtests/", models.backtests, name="backtests"),
    path("backtests/run/", work.backtest, name="backtest-run"),
    path("backtests/<int:pk>/", models.backtest, name="backtest"),
    path("appeals/", appeals.listed, name="appeals"),
    path("appeals/file/<path:key>/", appeals.file, name="appeal-file"),
    path("appeals/<str:number>/", appeals.appeal, name="appeal"),
    path("appeals/<str:number>/answer/", appeals.answer, name="appeal-answer"),
    path("appeals/<str:number>/evidence/", appeals.evidence, name="appeal-evidence"),
    path("appeals/<str:number>/evidence/<str:sha256>/", appeals.evidence_file, name="appeal-evidence-file"),
    path("appeals/<str:number>/receipt/", appeals.paper, {"kind": "receipt"}, name="appeal-receipt"),
    path("appeals/<str:number>/letter/", appeals.paper, {"kind": "answer"}, name="appeal-letter"),
    path("statements/", statements.listed, name="statements"),
    path("statements/of/<path:key>/issue/", statements.issue, name="statement-issue"),
    path("statements/of/<path:key>/", statements.preview, name="statement-preview"),
    path("statements/<str:number>/", statements.statement, name="statement"),
    path("statements/<str:number>/print/", statements.printed, name="statement-print"),
    path("statements/<str:number>/hand/", statements.hand, name="statement-hand"),
    path("why/<path:key>/", insight.why, name="why"),
]
