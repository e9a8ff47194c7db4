"""Words of company names that tell little: legal forms, countries, and what half of all companies call themselves.

Tables alone. All words are as ``names.name_of`` leaves them: small, without accents and dots.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LEGAL = frozenset(
    """
    ab abp aeie ag aksjeselskap aktiebolag aktiebolaget aktiengesellschaft aktieselskab anpartsselskab ans aps
    as asa asbl bhd bt bv bvba byvba co coltd comm commv comp compagnie companhia compania company coop
    cooperatie corp corporation cv cvba dac doo dooel ead ebvba ehf eireli eirl ek eood esv eurl fcp fmba gbr
    gesellschaft gesmbh gie gmbh gmbhcokg gp hb hf igg inc incorporated jsc jtd kabushiki kabushikikaisha kaisha
    kb kda kft kg kgaa kk kkt kommanditgesellschaft ks lda limitada limited limitee llc lld lllp llp lp ltd ltda
    ltee mbh naamloze nv nvsa oao ohg ood ooo oy oyj pao pcl plc pllc prc private psc pt pte pty publ pvba pvt
    qpsc sa sab sacv sae saic sapa sarl sarlu sas sasu sca sccl scop scrl sdn se sejk sicav sl slne slu snc
    soparfi sp spa spj spk spolka sprl spzoo srl srls sro stg sti tas tic uab ug ulc ultd unlimited unltd
    vennootschap vof vzw wll yk yugen zao zoo zrt
    """.split()  # noqa: SIM905 - quoted words would hide the list
)
"""Legal forms of many countries, each as one word; none that is as often a name's own word."""

LEGAL_PHRASES = tuple(
    tuple(phrase.split())
    for phrase in (
        "gesellschaft mit beschrankter haftung",
        "gesellschaft mit beschraenkter haftung",
        "mit beschrankter haftung",
        "besloten vennootschap",
        "naamloze vennootschap",
        "naamlooze vennootschap",
        "societe anonyme",
        "societe par actions simplifiee",
        "societe a responsabilite limitee",
        "sociedad anonima",
        "sociedad limitada",
        "sociedade anonima",
        "societa per azioni",
        "societa a responsabilita limitata",
        "kabushiki kaisha",
        "yugen kaisha",
        "limited liability company",
        "limited liability partnership",
        "public limited company",
        "joint stock company",
        "spolka z oo",
        "spolka z ograniczona odpowiedzialnoscia",
        "sp z oo",
        "sp zoo",
        "sa de cv",
        "s de rl",
        "de cv",
        "de rl",
        "spol sro",
        "pty ltd",
        "sdn bhd",
        "co kg",
        "oy ab",
    )
)
"""Legal forms of several words, the longer ones first where one begins another."""

LEADING = frozenset(
    """
    asbl bv kk nv oao ooo pao pt sia uab vzw zao
    """.split()  # noqa: SIM905 - quoted words would hide the list
)
"""Legal forms that stand in front. Any other first word is a name: AS Roma, SAS Institute."""

WEAK = frozenset(("co", "company", "compagnie", "companhia", "compania", "comp", "coop", "private", "publ"))
"""Legal forms after which a name may go on as itself."""

STOP = frozenset(
    """
    a and da das de der des di die do dos du el en et for la le les los och of og the und van von y
    """.split()  # noqa: SIM905 - quoted words would hide the list
)
"""Words that tell nothing at all; ``&`` is one of them."""

NOTHING = frozenset(
    """
    a and et och og te the und y
    """.split()  # noqa: SIM905 - quoted words would hide the list
)
"""Those that are left out of a name: with or without them it is the same."""

GENERIC = frozenset(
    """
    academy advanced advisors advisory africa agency air america american americas analytics apparel architects
    asia asset assets associates association audit auto automation automotive bank banking beverage bio biotech
    brands bros brothers building business capital care center central centre chemical chemicals city clinic
    cloud club college commercial communication communications components computer computers computing
    construction consultancy consultants consulting consumer control controls council data defence defense
    delivery design development digital direct distribution distributors east eastern education electric
    electrical electronic electronics energy engineering enterprise enterprises entertainment environmental
    equipment equity estate euro europe european events express fashion film finance financial first fitness
    food foods foundation freight fund funds furniture games gas general global gold green group groupe grupo
    gruppe health healthcare high holding holdings home homes hospital hospitality hotel hotels house ict
    imports industrial industrie industries industry information infrastructure innovation innovations
    innovative institute instruments insurance integrated intellectual inter interactive international
    internationale internet investment investments it laboratories laboratory labs law learning legal life live
    local logistics machine machinery management manufacturing marine maritime market marketing markets
    materials mechanical media medical metal metals mining mobile mobility motor motors music national natural
    network networks new north northern office oil one online operations organization pacific packaging paper
    park partner partners patent patents pharma pharmaceutical pharmaceuticals plastic plastics plus power
    precision premier printing pro product production productions products professional project projects
    properties property public publishing quality real realty red regional renewable rental research resources
    restaurant restaurants retail royal safety sales school science sciences scientific security semiconductor
    service services shipping shop smart social society software solar solution solutions source south southern
    sports standards star steel storage store stores strategic strategies studio studios supplies supply support
    surgical sustainable system systeme systems tech technical technologie technologies technology telecom
    telecommunications textile textiles tire tool tools tours toys trade trading training transport
    transportation travel trust union united universal university urban utilities ventures video vision
    warehouse waste water wealth web wellness west western wholesale wine wireless wood works world worldwide
    young zone
    """.split()  # noqa: SIM905 - quoted words would hide the list
)
"""What half of all companies call themselves. A name that is alike in these alone is no likeness."""

_COUNTRIES = """
AE: uae|united arab emirates|emirates|dubai
AR: argentina
AT: austria|osterreich|oesterreich|autriche
AU: australia|australien
BE: belgium|belgie|belgique|belgien|belgica
BG: bulgaria
BR: brazil|brasil|brasilien|bresil
CA: canada|kanada
CH: switzerland|schweiz|suisse|svizzera|swiss
CL: chile
CN: china|prc|peoples republic of china
CO: colombia
CZ: czech republic|czechia|czech|cesko|tschechien
DE: germany|deutschland|allemagne|alemania|germania|duitsland|tyskland|german|deutsche|deutscher
DK: denmark|danmark|danemark
EE: estonia|eesti
EG: egypt
ES: spain|espana|espagne|spanien|iberica|iberia
FI: finland|suomi|finnland
FR: france|frankreich|francia|francaise|french
GB: united kingdom|uk|great britain|britain|england|scotland|wales|gb|british
GR: greece|hellas|griechenland
HK: hong kong|hongkong
HR: croatia|hrvatska|kroatien
HU: hungary|magyarorszag|ungarn
ID: indonesia
IE: ireland|eire|irland
IL: israel
IN: india|indien|bharat
IT: italy|italia|italien|italie|italiana
JP: japan|nippon|nihon
KR: korea|south korea|republic of korea
LT: lithuania|lietuva
LU: luxembourg|luxemburg
LV: latvia|latvija
MX: mexico|mexique|mexicana
MY: malaysia
NL: netherlands|netherland|nederland|the netherlands|holland|niederlande|pays bas|hollande
NO: norway|norge|norwegen|norvege
NZ: new zealand
PH: philippines
PL: poland|polska|polen|pologne
PR: puerto rico
PT: portugal
RO: romania|rumanien|roumanie
RS: serbia|srbija
RU: russia|russland|russian federation|russie
SA: saudi arabia
SE: sweden|sverige|schweden|suede|svenska
SG: singapore|singapur
SI: slovenia|slovenija
SK: slovakia|slovensko
TH: thailand
TR: turkey|turkiye|turkei|turkish
TW: taiwan
UA: ukraine
US: united states|united states of america|usa|us|u s a|america|etats unis
VN: vietnam|viet nam
ZA: south africa|sudafrika
"""


def _countries() -> dict[str, str]:
    rows = (line.partition(":") for line in _COUNTRIES.split("\n") if line)
    return {name: code for code, _, names in rows for name in (code.casefold(), *names.strip().split("|"))}


COUNTRIES: Mapping[str, str] = MappingProxyType(_countries())
"""ISO code by what people write for a country, codes included."""

_CODE = 3

PLACES: Mapping[str, str] = MappingProxyType(
    # "it" and "no" are words, and so may be any code.
    {name: code.casefold() for name, code in COUNTRIES.items() if " " not in name and len(name) > _CODE}
)
"""ISO code by a country's name of one word, for names of companies: two spellings of a country are one word."""
