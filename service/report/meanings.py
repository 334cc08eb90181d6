"""What the names of facts are called in a report."""

from __future__ import annotations

from evidence.vocabulary import VOCABULARY
from service.wording.words import EVENTS, Said


def meaning_of(name: str) -> Said:
    """A fact's name in words; in Chinese where timeline or table has a word for it."""
    known = VOCABULARY.get(name)
    event = EVENTS.get(name)
    chinese = event.zh if event else _MEANINGS_ZH.get(name, name)
    return Said(_SHORT.get(name, known.meaning if known else name), chinese)


# Where the vocabulary explains more than a table needs.
_SHORT = {
    "document.text": "text on it",
    "shipment.tracking_number": "tracking number",
    "delivery.at": "delivered at, as stated",
    "delivery.received_by": "taken by",
    "delivery.place": "where it was left",
    "parcel.status": "carrier's status",
    "message.from": "sender",
    "message.to": "recipient",
    "message.subject": "subject",
    "message.body": "text",
    "message.sent.at": "sent at",
    "order.id": "order number",
    "order.total": "order's total",
    "order.store": "store",
    "document.printed.at": "printed at",
    "document.captured.at": "captured at",
    "shipment.reference": "shipper's reference",
    "scan.exception": "exception on the way",
    "return.status": "return: status",
    "return.reason": "return: reason",
    "claim.status": "claim: status",
    "dispute.status": "dispute: status",
    "refund.amount": "refunded",
}


_MEANINGS_ZH = {
    "order.id": "平台订单号", "order.store": "店铺", "order.status": "订单状态",
    "order.total": "订单总额", "order.buyer": "买家姓名", "order.item.title": "商品",
    "order.item.sku": "卖家 SKU", "order.item.quantity": "数量", "shipment.carrier": "承运商",
    "shipment.service": "物流产品", "shipment.tracking_number": "运单号",
    "shipment.reference": "包裹参考号", "shipment.recipient.name": "收件人",
    "shipment.recipient.city": "收件城市", "shipment.recipient.region": "收件州/省",
    "shipment.recipient.postal_code": "收件邮编", "shipment.recipient.country": "收件国家",
    "delivery.received_by": "签收人", "delivery.place": "投放位置", "delivery.city": "送达城市",
    "delivery.region": "送达州/省", "delivery.postal_code": "送达邮编",
    "delivery.country": "送达国家", "parcel.status": "包裹状态",
    "parcel.unknown": "承运商称无此单号",
    "scan.delivered": "签收扫描原文", "message.from": "发件人", "message.to": "收件方",
    "message.subject": "主题", "message.body": "正文", "claim.reason": "索赔原因",
    "dispute.reason": "争议原因", "refund.amount": "退款金额", "payment.amount": "付款金额",
    "document.text": "文件文字", "reading.failed": "未能读取的原因", "order.fulfilled_by": "履约方",
    "shipment.id": "平台包裹号", "shipment.status": "包裹状态（平台）",
    "order.platform": "平台名称",
    "order.site": "站点", "order.channel": "进入店铺的渠道", "order.unknown": "来源称无此订单",
    "order.shop_id": "独立站订单号",
    "order.buyer.id": "买家编号（平台）", "order.buyer.email": "买家邮箱（常为平台转发地址）",
    "payment.customer": "客户编号（支付方）", "payment.email": "付款人邮箱",
    "scan.exception": "运输异常原文", "order.cancel_reason": "取消原因",
    "return.reason": "退货原因", "return.status": "退货状态", "claim.status": "索赔状态",
    "dispute.status": "争议状态", "return.tracking_number": "退货运单号",
    "order.alias": "订单别名", "shipment.origin.country": "发出国家", "scan.place": "扫描地点",
}  # fmt: skip
