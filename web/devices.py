"""Which browser it is, in two words: so that somebody knows their own phone again in a list of sessions.

Only these words are kept. What a browser says of itself besides would tell people apart, and proves nothing.
"""

from fastapi import Request

#: What a browser says of itself → what people call it; the first that is found.
_BROWSERS = {
    "MicroMessenger": "微信 / WeChat", "wxwork": "企业微信 / WeCom", "DingTalk": "钉钉 / DingTalk", "Edg": "Edge",
    "Firefox": "Firefox", "HuaweiBrowser": "华为浏览器 / Huawei", "Chrome": "Chrome", "Safari": "Safari",
}  # fmt: skip
_SYSTEMS = {
    "HarmonyOS": "HarmonyOS", "OpenHarmony": "HarmonyOS", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad",
    "Windows": "Windows", "Macintosh": "Mac", "Linux": "Linux",
}  # fmt: skip


def device_of(request: Request) -> str:
    """The browser and the system of a request; "" for one that nobody has heard of."""
    said = request.headers.get("user-agent", "")[:500]
    words = (next((name for sign, name in known.items() if sign in said), "") for known in (_BROWSERS, _SYSTEMS))
    return " · ".join(word for word in words if word)
