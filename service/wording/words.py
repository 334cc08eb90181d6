"""What our own words are called in English and in Chinese, for reports and pages.

Only our vocabulary is here. What a source said is never translated, and a finding's sentence stays
as it was sealed: beside it, the meaning of its code is told (service/findings_zh.toml).
"""

from __future__ import annotations

from typing import NamedTuple


class Said(NamedTuple):
    """One text in both languages."""

    en: str
    zh: str

    @classmethod
    def same(cls, text: str) -> Said:
        """What is alike in both, such as a number or a quotation."""
        return cls(text, text)

    def in_(self, language: str) -> str:
        """`language` is "en", "zh" or "both"; both are joined by a stroke unless they are alike."""
        if language == "zh":
            return self.zh
        return self.en if language == "en" or self.en == self.zh else f"{self.en} / {self.zh}"


# Times that a source can state of an order, in the words of a timeline.
EVENTS = {
    "order.placed.at": Said("Ordered", "买家下单"),
    "order.paid.at": Said("Paid", "付款"),
    "order.packed.at": Said("Packed", "打包"),
    "order.in_transit.at": Said("Platform: on the way", "平台状态：运输中"),
    "order.delivered.at": Said("Platform: delivered", "平台状态：已送达"),
    "order.cancelled.at": Said("Cancelled", "取消"),
    "order.ship_by.at": Said("Ship by (deadline)", "最晚发货时间"),
    "order.deliver_by.at": Said("Deliver by (promise)", "承诺最晚送达时间"),
    "order.event.at": Said("Entry of the order's timeline", "订单时间线记录"),
    "shipment.label.at": Said("Label made", "生成运单"),
    "shipment.shipped.at": Said("Shipped, says the merchant", "商家发货"),
    "scan.accepted.at": Said("Accepted by the carrier", "承运商揽收"),
    "scan.transit.at": Said("On the way", "运输中扫描"),
    "scan.exception.at": Said("Exception on the way", "运输异常"),
    "scan.out_for_delivery.at": Said("Out for delivery", "派送中"),
    "scan.delivered.at": Said("Delivered", "签收（承运商扫描）"),
    "scan.other.at": Said("Other scan", "其他扫描"),
    "delivery.at": Said("Delivered, as stated", "送达时间（单独陈述）"),
    "delivery.promised.at": Said("Promised delivery", "预计送达"),
    "delivery.recorded.at": Said("Delivered, by the seller's record", "送达（卖家记录）"),
    "message.sent.at": Said("Message sent", "消息发出"),
    "message.received.at": Said("Message received", "消息收到"),
    "defect.noticed.at": Said("Platform's notice", "平台通知"),
    "defect.due.at": Said("Answer due", "答复截止"),
    "claim.opened.at": Said("Claim opened", "买家提出索赔"),
    "claim.due.at": Said("Claim: answer due", "索赔答复截止"),
    "claim.closed.at": Said("Claim closed", "索赔关闭"),
    "claim.event.at": Said("Entry of the claim's history", "索赔记录"),
    "review.posted.at": Said("Review posted", "买家评价"),
    "return.opened.at": Said("Return asked for", "申请退货"),
    "return.due.at": Said("Return: answer due", "退货答复截止"),
    "return.closed.at": Said("Return closed", "退货关闭"),
    "return.event.at": Said("Entry of the return's history", "退货记录"),
    "payment.at": Said("Payment taken", "收款"),
    "payment.fraud_warning.at": Said("Issuer's fraud warning", "发卡行欺诈预警"),
    "invoice.at": Said("Invoice", "开票"),
    "refund.at": Said("Refunded", "退款"),
    "dispute.opened.at": Said("Dispute opened", "争议开启"),
    "dispute.due.at": Said("Dispute: evidence due", "争议举证截止"),
    "dispute.sent.at": Said("Dispute: evidence sent", "争议证据已提交"),
    "dispute.closed.at": Said("Dispute closed", "争议关闭"),
    "dispute.event.at": Said("Entry of the dispute's history", "争议记录"),
    "document.printed.at": Said("Time printed on a document", "文件上印刷的时间"),
    "document.captured.at": Said("Capture made, as printed on it", "截图时间（图上标注）"),
}

ROLES = {
    "pod.document": Said("Proof of delivery", "签收证明"),
    "pod.signature": Said("Signature", "签名"),
    "pod.photo": Said("Delivery photo", "投递照片"),
    "tracking.history": Said("Tracking history", "物流轨迹"),
    "message.thread": Said("Conversation", "站内会话"),
    "message.mail": Said("Mail", "邮件"),
    "message.attachment": Said("Attachment of a message", "消息附件"),
    "order.record": Said("Order record", "订单记录"),
    "shipment.record": Said("Shipment record", "发货记录"),
    "payment.record": Said("Payment record", "付款记录"),
    "refund.record": Said("Refund record", "退款记录"),
    "capture.page": Said("Captured page", "页面截取"),
    "exchange": Said("HTTP or mail exchange", "接口交互记录"),
    "dns.answer": Said("DNS answer", "DNS 应答"),
    "defect.notice": Said("Platform's notice", "平台通知"),
    "document": Said("Document", "文件"),
    "manifest": Said("Sealed manifest", "封存清单"),
    "statement": Said("Sealed statement", "封存声明"),
}

PROVENANCE = {
    "api": Said("carrier or platform interface", "承运商或平台接口"),
    "carrier_document": Said("carrier or platform document", "承运商或平台文件"),
    "dkim_mail": Said("mail with valid DKIM", "DKIM 有效的邮件"),
    "relayed": Said("relayed by an aggregator", "聚合服务转述"),
    "capture": Said("our own capture", "我方截取"),
    "upload": Said("uploaded", "上传文件"),
    "screenshot": Said("screenshot", "截图"),
    "unknown": Said("unknown", "未知"),
}

# Who says something, where that is no name of a company or a program.
ORIGINS = {
    "seller": Said("seller", "卖家"),
    "buyer": Said("buyer", "买家"),
    "request": Said("request", "请求"),
}
VERDICTS = {
    "pass": Said("holds", "成立"),
    "fail": Said("does not hold", "不成立"),
    "inconclusive": Said("inconclusive", "无法判定"),
    "not_applicable": Said("not applicable", "不适用"),
}

COVERED = {
    "present": Said("present", "已具备"),
    "missing": Said("missing", "缺失"),
    "weak": Said("weak", "不足"),
    "not_applicable": Said("not applicable", "不适用"),
}

LEVELS = {
    "required": Said("required", "必需"),
    "helpful": Said("helpful", "有帮助"),
}

SOURCE_STATES = {
    "brought": Said("brought items", "已取得"),
    "empty": Said("knows nothing of it", "无记录"),
    "failed": Said("failed", "失败"),
    "skipped": Said("not asked", "未询问"),
}

SEVERITIES = {
    "grave": Said("speaks against", "不利"),
    "note": Said("worth knowing", "注意"),
    "good": Said("holds", "成立"),
}

QUESTIONS = {
    "matching.order": "所有证据说的是同一个订单吗？",
    "matching.asked": "每份证据说的是所查询的订单、包裹和站点吗？",
    "matching.channel": "该订单属于提出缺陷的平台吗？",
    "matching.shipments": "订单的每一行都在已签收的包裹中吗？",
    "marks.carrier": "每份证据带有其单号所属承运商的标识吗？",
    "marks.freshness": "每份截图都有日期且足够新吗？",
    "marks.origin": "每份证据是原件，还是何种副本？",
    "timestamps.order": "所有陈述的时间能够同时成立吗？",
    "timestamps.history": "承运商的轨迹前后一致吗？",
    "timestamps.clock": "我们自己的时钟准确吗？",
    "authenticity.items": "有证据显示曾被改动吗？",
    "strength.witnesses": "证据有多大分量？",
    "coverage.threads": "每段对话都完整吗？",
    "coverage.policy": "平台规则要求的材料都具备吗？",
    "coverage.form": "能以平台接受的形式提交吗？",
    "coverage.deadlines": "还在答复期限内吗？",
}


def question(verifier: str, english: str) -> Said:
    """A verifier's question; one whose Chinese is not known is told in English."""
    return Said(english, QUESTIONS.get(verifier, english))


def role(name: str) -> Said:
    return ROLES.get(name, Said.same(name))
