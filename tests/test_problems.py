import pickle

from mingcha.problems import Problem, languages


def test_a_problem_says_what_where_and_what_to_do_in_either_language():
    problem = Problem(zh="坏了", en="Broken", where="a.csv, row 3", todo_zh="修好", todo_en="Mend it")
    assert problem.text("zh") == "坏了\n位置：a.csv, row 3\n处理：修好"
    assert problem.text("en") == "Broken\nWhere: a.csv, row 3\nWhat to do: Mend it"
    assert pickle.loads(pickle.dumps(problem)).text("zh") == problem.text("zh")


def test_languages_follow_the_setting_then_the_locale(monkeypatch):
    for name in ("MINGCHA_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert languages() == ("zh", "en")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert languages() == ("zh",)
    monkeypatch.setenv("MINGCHA_LANG", "en")
    assert languages() == ("en",)
