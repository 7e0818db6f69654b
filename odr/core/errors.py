"""Typed errors: a status, a code for programs and a sentence for people; `core.web` is their one translator.

OdrError
├── Invalid          422  fields are wrong; each is named
├── SignInNeeded     401
├── Forbidden        403  may see the thing, may not do this
├── NotFound         404  absent and forbidden look alike
├── Conflict         409  the thing has moved on
├── Expired          410
├── TooLarge         413
├── TooMany          429  with seconds to wait
└── Busy             503  try again; nothing was stored
"""

from collections.abc import Mapping

from odr.core.i18n import _


class OdrError(Exception):
    """Base. `say` is what a person reads: what happened and what to do."""

    status = 500
    code = "error"

    def __init__(self, say: str = "", *, code: str | None = None) -> None:
        self.say = say or self.default()
        if code:
            self.code = code
        super().__init__(self.say)

    def default(self) -> str:
        return _("这一步没有完成，您填写的内容还在。请稍后再试一次。")


class Invalid(OdrError):
    """Input that cannot be taken; `fields` maps each field's name to its sentence."""

    status = 422
    code = "invalid"

    def __init__(self, fields: Mapping[str, str] | None = None, say: str = "") -> None:
        self.fields = dict(fields or {})
        super().__init__(say)

    def default(self) -> str:
        return _("有几处需要修改，请看标出的地方。")


class SignInNeeded(OdrError):
    status = 401
    code = "sign_in_needed"

    def default(self) -> str:
        return _("请先登录。登录后会回到这一页。")


class Forbidden(OdrError):
    status = 403
    code = "forbidden"

    def default(self) -> str:
        return _("您不能做这一步。如有疑问，请联系调解员。")


class NotFound(OdrError):
    status = 404
    code = "not_found"

    def default(self) -> str:
        return _("没有找到这一页，或者您不能查看它。请从“我的纠纷”进入。")


class Conflict(OdrError):
    status = 409
    code = "conflict"

    def default(self) -> str:
        return _("情况已经有了变化。请刷新页面，看看现在到了哪一步。")


class Expired(OdrError):
    status = 410
    code = "expired"


class TooLarge(OdrError):
    status = 413
    code = "too_large"

    def default(self) -> str:
        return _("内容太大了。请分几次发送，或换一个小一点的文件。")


class TooMany(OdrError):
    status = 429
    code = "too_many"

    def __init__(self, say: str = "", *, retry: int = 60, code: str | None = None) -> None:
        self.retry = retry
        super().__init__(say, code=code)

    def default(self) -> str:
        return _("操作太频繁了。请等一会儿再试。")


class Busy(OdrError):
    status = 503
    code = "busy"

    def default(self) -> str:
        return _("现在有点忙，这一步没有保存。请稍等几秒再试。")
