"""A browser in words: "Chrome · Windows". Only for people to tell their own sessions apart."""

from __future__ import annotations

import re

_BROWSERS = (
    ("MicroMessenger", "微信 WeChat"),
    ("DingTalk", "钉钉 DingTalk"),
    ("Edg", "Edge"),
    ("QQBrowser", "QQ 浏览器 QQ Browser"),
    ("360SE", "360"),
    ("Firefox/", "Firefox"),
    ("OPR/", "Opera"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("UOS", "UOS"),
    ("Kylin", "麒麟 Kylin"),
    ("Linux", "Linux"),
)


def in_words(agent: str) -> str:
    """The browser and the system that a User-Agent names, "" where it names neither."""
    found = [
        next((said for mark, said in table if re.search(re.escape(mark), agent)), "") for table in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(filter(None, found))
