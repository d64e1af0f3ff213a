"""The reader's language: of the request, else Chinese."""

from django.utils import translation

from mingcha.language import chinese, language, told
from mingcha.problems import Problem

REFUSED = Problem(zh="没有。", en="None.", where="row 3", todo_zh="补上。", todo_en="Add it.")


def test_it_is_the_active_language():
    with translation.override("zh-hans"):
        assert (language(), chinese()) == ("zh", True)
    with translation.override("en"):
        assert (language(), chinese()) == ("en", False)


def test_where_no_language_is_active_it_is_chinese():
    with translation.override(None):
        assert language() == "zh"


def test_a_problem_is_told_whole_in_it():
    with translation.override("zh-hans"):
        assert told(REFUSED) == "没有。\n位置：row 3\n处理：补上。"
    with translation.override("en"):
        assert told(REFUSED) == "None.\nWhere: row 3\nWhat to do: Add it."
