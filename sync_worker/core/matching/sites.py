"""Hosts and registered domains of web and mail addresses. Offline: it asks no name server."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList

_WORLD = ("gmx", "hotmail", "live", "msn", "outlook", "yahoo", "yandex")
_ENDS = ("at", "ch", "co.jp", "co.uk", "com", "com.au", "com.br", "de", "es", "eu", "fr", "in", "it", "net", "nl", "ru")

SHARED = frozenset(f"{name}.{end}" for name in _WORLD for end in _ENDS) | frozenset(
    """
    126.com 163.com aol.com arcor.de att.net bluewin.ch btinternet.com charter.net comcast.net cox.net duck.com
    fastmail.com free.fr freenet.de gmail.com googlemail.com hey.com hushmail.com icloud.com inbox.ru laposte.net
    libero.it list.ru mac.com mail.com mail.de mail.ru me.com naver.com ntlworld.com online.de orange.fr outlook.com
    pm.me posteo.de proton.me protonmail.com qq.com rambler.ru rediffmail.com rocketmail.com sbcglobal.net seznam.cz
    sfr.fr sina.com skynet.be sky.com t-online.de telenet.be tiscali.it tutanota.com verizon.net virgilio.it
    vodafone.de wanadoo.fr web.de wp.pl ymail.com zoho.com
    facebook.com instagram.com linkedin.com twitter.com x.com xing.com youtube.com
    """.split()  # noqa: SIM905 - seventy quoted words would hide the list
)
"""Registered domains that many companies write from or show themselves on: they tell no two accounts apart."""

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z0-9-]*[a-z]){_LABEL}")
_LONGEST_HOST = 253
_LONGEST_ADDRESS = 2_000


@lru_cache(maxsize=1 << 16)
def host_of(text: str) -> str:
    """The host of a web or mail address, small, in ASCII, without ``www.``; empty where there is none with a dot.

    An address of figures is no host: it belongs to a machine, not to a company.
    """
    if len(text) > _LONGEST_ADDRESS:
        return ""
    rest = text.strip().casefold()
    rest = rest.partition("://")[2] if "://" in rest else rest.removeprefix("//").removeprefix("mailto:")
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rpartition("@")[2].partition(":")[0].rstrip(".")
    if not host.isascii():
        host = _in_ascii(host)
    while host.startswith("www.") and host.count(".") > 1:
        host = host.removeprefix("www.")
    return host if len(host) <= _LONGEST_HOST and _HOST.fullmatch(host) else ""


def site_of(text: str) -> str:
    """The registered domain of a web or mail address; empty where it has none that tells accounts apart.

    By the public suffix list, its private part included: ``shop.acme.co.uk`` is ``acme.co.uk``, and two pages of one
    hoster are two sites. Free mail and networks give none.
    """
    host = host_of(text)
    site = (_suffixes().privatesuffix(host) or "") if host else ""
    return "" if site in SHARED else site


def _in_ascii(host: str) -> str:
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return ""


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
