"""Rights notice, consent to online mediation, other routes: own words for the points the law asks to be told.

Points: 人民调解法 Art. 3, 4, 19, 23-26, 28-33; 在线调解规则 Art. 4, 13, 17, 18, 22, 23; 在线诉讼规则 Art. 27.
"""

from dataclasses import dataclass

from odr.core.i18n import N_, _


@dataclass(frozen=True)
class Point:
    """One point: a few words to find it by, and the sentence."""

    head: str
    body: str

    @property
    def title(self) -> str:
        return _(self.head)

    @property
    def text(self) -> str:
        return _(self.body)


@dataclass(frozen=True)
class Notice:
    """A text with its version; `consent` is the sentence beside the box or button."""

    version: str
    head: str
    points: tuple[Point, ...]
    consent: str

    @property
    def title(self) -> str:
        return _(self.head)

    @property
    def agree(self) -> str:
        return _(self.consent)


RIGHTS = Notice(
    version="rights-2026-11",
    head=N_("当事人权利义务告知书"),
    points=(
        Point(N_("谁来调解"), N_("由人民调解委员会的调解员主持。调委会是群众性组织，不是法院，不会替您判决。")),
        Point(N_("不收费"), N_("人民调解不收任何费用。有人以调解为名向您收钱，请拒绝并投诉。")),
        Point(N_("全凭自愿"), N_("参加不参加由您决定。您可以随时不再调解，不用说明理由，也不影响您起诉。")),
        Point(N_("选择调解员"), N_("您可以选择或者接受调解员；认为调解员可能不公正的，可以要求更换。")),
        Point(N_("公开或不公开"), N_("调解默认不公开。要让别人旁听，须经各方同意。")),
        Point(N_("如实、守序、尊重"), N_("请如实说明情况，遵守调解秩序，尊重调解员，尊重对方的权利。")),
        Point(
            N_("记录什么，谁能看"),
            N_(
                "共同调解室的发言双方和调解员都能看到；单独谈话只有您这一方和调解员能看到。"
                "记录随卷宗保存，审计人员说明理由后才能查阅共同部分，每次查阅都留痕。"
            ),
        ),
        Point(
            N_("例外：危险和犯罪"),
            N_("发现可能伤人、虐待未成年人或者犯罪的，调解员要报告公安机关，这时单独谈话也不保密。"),
        ),
        Point(
            N_("让步不算把柄"),
            N_("为了谈成而作的让步，以后打官司时不能拿来对付您；双方都确认没有争议的事实除外。"),
        ),
        Point(N_("不录不传"), N_("请不要自己录音、录像、截屏，也不要把调解内容传给别人。")),
        Point(
            N_("协议有约束力"),
            N_("可以写成书面协议，也可以口头约定由调解员记下。协议成立以后，双方都要履行。"),
        ),
        Point(
            N_("请法院确认"),
            N_(
                "协议生效之日起 30 天内，双方可以一起请法院确认；确认以后，一方不履行，另一方可以申请强制执行。"
                "婚姻、亲子关系和物权归属等，法院不确认。"
            ),
        ),
        Point(
            N_("其他途径和时间"),
            N_("您可以仲裁、找行政机关或者起诉。申请调解之日起诉讼时效中断，但仲裁和起诉有自己的期限，请留意。"),
        ),
        Point(N_("虚假调解的后果"), N_("串通编造纠纷、伪造证据的，协议无效；涉嫌犯罪的，移送公安机关。")),
        Point(N_("投诉"), N_("对调解员不满意，可以打 12348 或者向当地司法局投诉，不会影响您的纠纷。")),
        Point(
            N_("您的个人信息"),
            N_("您的电话、证件号和住址加密保存，对方看不到。您可以要求查看、更正；依法应当归档的除外。"),
        ),
    ),
    consent=N_("我已读完，明白我的权利和义务"),
)

ONLINE = Notice(
    version="online-2026-11",
    head=N_("是否同意在网上调解"),
    points=(
        Point(N_("怎么进行"), N_("在手机或电脑上用文字、图片交谈，各方可以不同时在线，有空再看、再答。")),
        Point(N_("同样有效"), N_("您在自己账户里说的话、做的确认，算您本人的。请不要把验证码告诉别人。")),
        Point(N_("不录音录像"), N_("网上调解只保存文字和您上传的文件，不录音、不录像。以后要录，会另外征得您同意。")),
        Point(
            N_("随时可以改"), N_("您可以随时改为电话或者到现场，已经谈过的都留在同一个案卷里。对方仍可以在网上参加。")
        ),
        Point(N_("只管这一步"), N_("同意在网上谈，不等于同意电子签名或者任何一条协议，那些会再单独问您。")),
    ),
    consent=N_("我同意在网上调解"),
)

ROUTES = Notice(
    version="routes-2026-11",
    head=N_("其他解决途径"),
    points=(
        Point(
            N_("仲裁"),
            N_(
                "有仲裁协议的合同纠纷可以申请仲裁；劳动争议先向劳动人事争议仲裁委员会申请，一般从知道权利受侵害起一年内。"
            ),
        ),
        Point(N_("行政途径"), N_("消费、物业、环境、工程质量等，可以请主管部门处理或投诉，电话 12345。")),
        Point(
            N_("起诉"), N_("可以向人民法院起诉，一般诉讼时效三年。您申请调解的那一天，时效已经中断，从那时重新计算。")
        ),
        Point(N_("要不要律师"), N_("经济困难的可以申请法律援助，免费咨询请打 12348。")),
        Point(N_("再来调解"), N_("双方愿意时，以后还可以再申请人民调解，仍然不收费。")),
    ),
    consent=N_("我知道了"),
)
