"""Object types that every HubSpot account has and this company does not use: clients that ask find no records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.sandbox.hubspot.building import RECORD, described, prop, stamps
from connectors.sandbox.hubspot.shapes import Type

if TYPE_CHECKING:
    from connectors.sandbox.hubspot.shapes import ObjectType

_FIRST_ID = 66_700_000_001
_OLDEST = frozenset({"tickets", "products", "line_items"})
"""They write their stamps' names without a prefix."""


def _type(name: str, singular: str, id_: str, texts: str, numbers: str = "") -> ObjectType:
    """Few properties, each a text or a number."""
    made = (
        *RECORD,
        *stamps("createdate" if name in _OLDEST else "hs_createdate", "hs_lastmodifieddate"),
        *(prop(each) for each in texts.split()),
        *(prop(each, Type.NUMBER) for each in numbers.split()),
    )
    searched = tuple(texts.split()[:1])
    return described(name, singular, id_, f"{singular}information", made, first_id=_FIRST_ID, searched=searched)


EMPTY = (
    _type("tickets", "ticket", "0-5", "subject content hs_pipeline hs_pipeline_stage hs_ticket_priority"),
    _type("products", "product", "0-7", "name description hs_sku", "price"),
    _type("line_items", "line_item", "0-8", "name hs_product_id hs_sku", "quantity price amount"),
    _type("quotes", "quote", "0-14", "hs_title hs_status hs_expiration_date", "hs_quote_amount"),
    _type("communications", "communication", "0-18", "hs_communication_body hs_communication_channel_type"),
    _type("feedback_submissions", "feedback_submission", "0-19", "hs_survey_name hs_content", "hs_value"),
    _type("forms", "form", "0-28", "hs_name"),
    _type("invoices", "invoice", "0-53", "hs_number hs_invoice_status", "hs_amount_billed"),
    _type("subscriptions", "subscription", "0-69", "hs_name hs_status"),
    _type("deal_splits", "deal_split", "0-72", "hs_deal_split_owner_id", "hs_deal_split_percentage"),
    _type("goal_targets", "goal_target", "0-74", "hs_goal_name", "hs_target_amount"),
    _type("postal_mail", "postal_mail", "0-116", "hs_postal_mail_body"),
    _type("orders", "order", "0-123", "hs_order_name hs_fulfillment_status", "hs_total_price"),
    _type("leads", "lead", "0-136", "hs_lead_name hs_lead_type hs_lead_label"),
    _type("carts", "cart", "0-142", "hs_cart_name", "hs_total_price"),
)
EMPTY_GROUPS = {
    each.name: (f"{each.singular}information", f"{each.singular.replace('_', ' ').capitalize()} information")
    for each in EMPTY
}
"""The property group that each comes with."""
