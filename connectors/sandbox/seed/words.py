"""The words that the seeded company is made of. Invented names only."""

from __future__ import annotations

FIRST_NAMES = (
    "Ada", "Amir", "Anika", "Astrid", "Ben", "Bruno", "Camila", "Carlos", "Chen", "Clara", "Daniel", "Daphne",
    "Diego", "Elena", "Emil", "Erik", "Fatima", "Felix", "Freya", "Grace", "Hana", "Henrik", "Ines", "Isaac",
    "Jonas", "Julia", "Kai", "Keiko", "Lars", "Laura", "Lena", "Liam", "Lucia", "Maja", "Marco", "Mei",
    "Mina", "Nadia", "Nils", "Noah", "Nora", "Olga", "Omar", "Oscar", "Paula", "Priya", "Rafael", "Rosa",
    "Ruth", "Samir", "Sara", "Sofia", "Stefan", "Tara", "Theo", "Tomas", "Uma", "Vera", "Victor", "Yuki",
)  # fmt: skip
LAST_NAMES = (
    "Abbott", "Almeida", "Andersen", "Baker", "Bauer", "Bergman", "Bianchi", "Brandt", "Castillo", "Chandra",
    "Cole", "Costa", "Dahl", "Dubois", "Eriksen", "Farrell", "Fischer", "Fontaine", "Garcia", "Grant",
    "Haas", "Hansen", "Hughes", "Ibrahim", "Ito", "Jansen", "Jensen", "Kaur", "Keller", "Kim",
    "Kowalski", "Lambert", "Larsen", "Lindqvist", "Lopez", "Marino", "Mehta", "Mori", "Murphy", "Nakamura",
    "Novak", "Okafor", "Olsen", "Patel", "Peeters", "Petrov", "Quinn", "Ramos", "Richter", "Rossi",
    "Sato", "Schmidt", "Silva", "Singh", "Sorensen", "Tanaka", "Torres", "Vance", "Weber", "Young",
)  # fmt: skip
FIRST_PARTS = (
    "Alder", "Amber", "Apex", "Arbor", "Argon", "Aspen", "Atlas", "Aurora", "Avon", "Basalt", "Beacon", "Birch",
    "Bluewater", "Boreal", "Bright", "Cedar", "Cinder", "Cobalt", "Compass", "Copper", "Coral", "Crest", "Crown",
    "Delta", "Dover", "Eagle", "East", "Ember", "Falcon", "Fern", "Fjord", "Flint", "Forge", "Garnet", "Glacier",
    "Golden", "Granite", "Harbor", "Hazel", "Heron", "Highland", "Indigo", "Iron", "Ivory", "Jade", "Juniper",
    "Keystone", "Lantern", "Larch", "Lime", "Lotus", "Lumen", "Maple", "Marble", "Meridian", "Mistral", "Monarch",
    "Moss", "Nimbus", "North", "Nova", "Oak", "Onyx", "Opal", "Orchid", "Osprey", "Pacific", "Pearl", "Pine",
    "Polar", "Prairie", "Quarry", "Quartz", "Raven", "Redwood", "Ridge", "River", "Rowan", "Sable", "Saffron",
    "Sierra", "Silver", "Slate", "Solstice", "South", "Spruce", "Sterling", "Summit", "Swift", "Tamarack",
    "Terra", "Thistle", "Timber", "Topaz", "Umber", "Vale", "Verdant", "Vertex", "Violet", "West", "Willow", "Zenith",
)  # fmt: skip
SECOND_PARTS = (
    "Analytics", "Automation", "Bank", "Biotech", "Capital", "Care", "Chemicals", "Clinics", "Cloud", "Components",
    "Consulting", "Data", "Design", "Devices", "Digital", "Dynamics", "Education", "Electronics", "Energy",
    "Engineering", "Finance", "Foods", "Freight", "Grid", "Health", "Holdings", "Hospitality", "Industries",
    "Insurance", "Interactive", "Labs", "Learning", "Logistics", "Marine", "Materials", "Media", "Medical",
    "Metals", "Mobility", "Motors", "Networks", "Optics", "Packaging", "Partners", "Payments", "Pharma", "Power",
    "Properties", "Railways", "Research", "Retail", "Robotics", "Security", "Semiconductors", "Services",
    "Software", "Solar", "Solutions", "Steel", "Systems", "Technologies", "Telecom", "Textiles", "Trading",
    "Transport", "Utilities", "Ventures", "Water", "Wireless", "Works",
)  # fmt: skip
LEGAL_FORMS = {
    "US": ("Inc.", "LLC", "Corp."), "CA": ("Inc.", "Ltd."), "BR": ("Ltda", "S.A."), "GB": ("Ltd", "PLC"),
    "DE": ("GmbH", "AG"), "FR": ("SAS", "SA"), "NL": ("B.V.",), "NO": ("AS", "ASA"), "SE": ("AB",),
    "JP": ("K.K.",), "AU": ("Pty Ltd",), "SG": ("Pte. Ltd.",),
}  # fmt: skip
CITIES = {
    "US": (("Austin", "TX", "78701"), ("Boston", "MA", "02110"), ("Denver", "CO", "80202"), ("Seattle", "WA", "98101")),
    "CA": (("Toronto", "ON", "M5H 2N2"), ("Vancouver", "BC", "V6B 1A1")),
    "BR": (("São Paulo", "SP", "01310-100"), ("Curitiba", "PR", "80010-000")),
    "GB": (("London", None, "EC2A 4NE"), ("Manchester", None, "M1 4BT"), ("Leeds", None, "LS1 4DY")),
    "DE": (("Berlin", None, "10115"), ("München", None, "80331"), ("Köln", None, "50667")),
    "FR": (("Paris", None, "75002"), ("Lyon", None, "69002")),
    "NL": (("Amsterdam", None, "1012 JS"), ("Utrecht", None, "3511 AB")),
    "NO": (("Oslo", None, "0150"), ("Bergen", None, "5003")),
    "SE": (("Stockholm", None, "111 20"), ("Malmö", None, "211 22")),
    "JP": (("Tokyo", None, "100-0001"), ("Osaka", None, "530-0001")),
    "AU": (("Sydney", "NSW", "2000"), ("Melbourne", "VIC", "3000")),
    "SG": (("Singapore", None, "048616"),),
}  # fmt: skip
COUNTRIES = {
    "EMEA": (("GB", 30), ("DE", 28), ("FR", 18), ("NL", 12), ("SE", 7), ("NO", 5)),
    "AMER": (("US", 82), ("CA", 12), ("BR", 6)),
    "APAC": (("JP", 45), ("AU", 38), ("SG", 17)),
}
DIALS = {
    "US": "+1", "CA": "+1", "BR": "+55", "GB": "+44", "DE": "+49", "FR": "+33", "NL": "+31", "NO": "+47",
    "SE": "+46", "JP": "+81", "AU": "+61", "SG": "+65",
}  # fmt: skip
TITLES = (
    "Chief Information Officer", "Chief Financial Officer", "VP Engineering", "VP Operations", "Head of IT",
    "Head of Procurement", "Director of Security", "IT Manager", "Operations Manager", "Systems Engineer",
)  # fmt: skip
