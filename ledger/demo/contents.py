"""Who and what the demo is made of. Prices are rupees before tax per unit; an accountant should check the rates."""

import datetime as dt
from dataclasses import dataclass

GST_2_0 = dt.date(2025, 9, 22)

SLUG = "ram-kirana-wholesale"
MERCHANT_PHONE = "+919820000001"
MERCHANT_NAME = "Ramesh Agarwal"
BUSINESS = {
    "name": "Ram Kirana Wholesale",
    "scheme": "regular",
    "gstin": "27AAPFU0939F1ZV",
    "address": "Shop 14, Laxmi Market, Market Yard Road, Gultekdi",
    "city": "Pune",
    "pin_code": "411037",
    "state_code": "27",
    "phone": MERCHANT_PHONE,
    "email": "bills@ramkirana.example",
    "upi_id": "ramkirana@okaxis",
    "bank_name": "Bank of Maharashtra, Market Yard, Pune",
    "bank_account": "60123456789",
    "bank_ifsc": "MAHB0000123",
    "terms": "Goods once sold are taken back within 7 days only.\nInterest at 18% a year on bills overdue by 30 days.\n"
    "Subject to Pune jurisdiction.",
    "default_credit_days": 15,
}

SECOND_SLUG = "ganesh-dairy-farm"
SECOND_PHONE = "+919820000002"
SECOND_OWNER = "Ganesh Kulkarni"
SECOND_BUSINESS = {
    "name": "Ganesh Dairy Farm",
    "scheme": "unregistered",
    "address": "Gat 212, Sinhagad Road, Khadakwasla",
    "city": "Pune",
    "pin_code": "411024",
    "state_code": "27",
    "phone": SECOND_PHONE,
    "upi_id": "ganeshdairy@oksbi",
    "default_credit_days": 7,
}
SECOND_PATTERN = "GDF/YY-YY/####"
SECOND_GOODS = (("Cow milk", "LTR", 56), ("Buffalo milk", "LTR", 72), ("Fresh paneer", "KGS", 340), ("Dahi", "KGS", 84))


@dataclass(frozen=True, slots=True)
class Goods:
    """One item. `rate` is GST in percent now, `before` until 21 September 2025 where it was another.

    `stock` is what the last count of the shelf found, None where nobody counts; `shape` is how its picture looks.
    """

    name: str
    size: str
    hsn: str
    unit: str
    price: float
    rate: int
    shape: str
    stock: int | None = None
    before: int | None = None
    includes_tax: bool = False

    @property
    def title(self) -> str:
        return f"{self.name} {self.size}".strip()

    def rate_bp(self, on: dt.date) -> int:
        return 100 * (self.before if self.before is not None and on < GST_2_0 else self.rate)


CATALOGUE: dict[str, tuple[Goods, ...]] = {
    "Rice, flour & pulses": (
        Goods("Basmati rice", "5 kg", "1006", "BAG", 465, 5, "sack", 84),
        Goods("Sona Masoori rice", "26 kg", "1006", "BAG", 1340, 0, "sack", 46),
        Goods("Idli rice", "10 kg", "1006", "BAG", 410, 5, "sack"),
        Goods("Chakki atta", "10 kg", "1101", "BAG", 352, 5, "sack", 120),
        Goods("Maida", "1 kg", "1101", "PAC", 34.5, 5, "packet"),
        Goods("Besan", "1 kg", "1106", "PAC", 82.25, 5, "packet", 3),
        Goods("Toor dal", "1 kg", "0713", "PAC", 138, 5, "packet", 210),
        Goods("Moong dal", "1 kg", "0713", "PAC", 112, 5, "packet"),
        Goods("Kabuli chana", "loose", "0713", "KGS", 96.4, 0, "sack"),
        Goods("Poha", "500 g", "1904", "PAC", 27.75, 5, "packet"),
    ),
    "Oil & ghee": (
        Goods("Sunflower oil", "1 litre", "1512", "BTL", 128.6, 5, "bottle", 144),
        Goods("Groundnut oil", "5 litre", "1508", "CTN", 842, 5, "can", 18),
        Goods("Mustard oil", "1 litre", "1514", "BTL", 141.2, 5, "bottle"),
        Goods("Coconut oil", "500 ml", "1513", "BTL", 118.4, 5, "bottle"),
        Goods("Desi ghee", "1 litre", "0405", "PCS", 548, 5, "jar", 32, before=12),
        Goods("Vanaspati", "1 kg", "1516", "PAC", 122, 5, "packet"),
    ),
    "Spices & salt": (
        Goods("Turmeric powder", "200 g", "0910", "PAC", 42.5, 5, "packet", 96),
        Goods("Red chilli powder", "200 g", "0904", "PAC", 58.75, 5, "packet", 88),
        Goods("Coriander powder", "200 g", "0909", "PAC", 36.4, 5, "packet"),
        Goods("Garam masala", "100 g", "0910", "BOX", 61, 5, "box"),
        Goods("Jeera whole", "100 g", "0909", "PAC", 38.6, 5, "packet"),
        Goods("Black pepper", "50 g", "0904", "PCS", 49.9, 5, "jar"),
        Goods("Iodised salt", "1 kg", "2501", "PAC", 19.2, 0, "packet", 340),
        Goods("Hing", "50 g", "1301", "PCS", 64, 5, "jar"),
    ),
    "Snacks & biscuits": (
        Goods("Glucose biscuits", "carton of 48", "1905", "CTN", 218, 5, "box", 64, before=18),
        Goods("Cream biscuits", "carton of 36", "1905", "CTN", 312, 5, "box", before=18),
        Goods("Aloo bhujia", "400 g", "2106", "PAC", 84.5, 5, "packet", 0, before=12),
        Goods("Instant noodles", "box of 24", "1902", "BOX", 268, 5, "box", before=18),
        Goods("Potato chips", "box of 30", "2005", "BOX", 246, 5, "packet", before=12),
        Goods("Milk chocolate", "box of 20", "1806", "BOX", 356, 5, "bar", before=18),
        Goods("Peanut chikki", "200 g", "1704", "PAC", 41.3, 5, "bar", before=12),
        Goods("Roasted makhana", "100 g", "2008", "PAC", 92, 5, "packet", before=12),
    ),
    "Tea, coffee & drinks": (
        Goods("Assam tea", "1 kg", "0902", "PAC", 386, 5, "packet", 58),
        Goods("Green tea", "25 bags", "0902", "BOX", 118, 5, "box"),
        Goods("Instant coffee", "100 g", "2101", "PCS", 232, 5, "jar", 27, before=18),
        Goods("Cola", "crate of 24", "2202", "CTN", 388, 40, "bottle", before=28),
        Goods("Mango drink", "crate of 30", "2202", "CTN", 412, 5, "bottle", before=12),
        Goods("Drinking water", "case of 12", "2201", "CTN", 118, 5, "bottle", 75, before=18),
        Goods("Rose syrup", "750 ml", "2106", "BTL", 128, 18, "bottle"),
    ),
    "Sugar & dairy": (
        Goods("Sugar", "50 kg", "1701", "BAG", 2085, 5, "sack", 38),
        Goods("Jaggery", "1 kg", "1701", "PCS", 58, 5, "bar"),
        Goods("Milk powder", "500 g", "0402", "PAC", 198, 5, "packet"),
        Goods("Long-life milk", "carton of 12", "0401", "CTN", 684, 0, "box", 22, before=5),
        Goods("Condensed milk", "400 g", "0402", "PCS", 112, 5, "can", before=12),
        Goods("Honey", "500 g", "0409", "PCS", 168, 5, "jar", 41),
    ),
    "Soap & personal care": (
        Goods("Sandal soap", "pack of 4", "3401", "PAC", 142, 5, "bar", 130, before=18, includes_tax=True),
        Goods("Neem soap", "pack of 4", "3401", "PAC", 128, 5, "bar", before=18, includes_tax=True),
        Goods("Toothpaste", "150 g", "3306", "PCS", 86, 5, "box", 92, before=18, includes_tax=True),
        Goods("Shampoo sachets", "box of 60", "3305", "BOX", 54, 5, "box", before=18, includes_tax=True),
        Goods("Coconut hair oil", "200 ml", "3305", "BTL", 98, 5, "bottle", before=18, includes_tax=True),
        Goods("Talcum powder", "300 g", "3304", "PCS", 124, 5, "can", before=18, includes_tax=True),
        Goods("Shaving cream", "70 g", "3307", "PCS", 66, 5, "bar", before=18, includes_tax=True),
    ),
    "Cleaning & household": (
        Goods("Detergent powder", "4 kg", "3402", "BAG", 356, 18, "sack", 52),
        Goods("Detergent bar", "carton of 40", "3402", "CTN", 284, 18, "bar"),
        Goods("Dishwash liquid", "750 ml", "3402", "BTL", 118, 18, "bottle", 66),
        Goods("Floor cleaner", "1 litre", "3808", "BTL", 132, 18, "bottle"),
        Goods("Agarbatti", "box of 12", "3307", "BOX", 96, 5, "box"),
        Goods("Safety matches", "bundle of 10", "3605", "PAC", 9.35, 5, "box"),
        Goods("Mosquito coils", "pack of 10", "3808", "PAC", 28.4, 18, "box"),
        Goods("Candles", "pack of 6", "3406", "PAC", 31.2, 5, "can", before=12),
    ),
}


@dataclass(frozen=True, slots=True)
class Buyer:
    """One party. `pan` makes its GSTIN, "" for an unregistered one; `habit` says how it pays.

    prompt: by the due date; part: in parts; late: weeks after, sometimes never; cash: at once; ahead: pays in advance.
    `bills` is how many it gets in the year.
    """

    name: str
    person: str
    city: str
    pin: str
    state: str
    pan: str
    habit: str
    bills: int
    address: str = ""
    language: str = "en"
    credit_days: int | None = None
    limit: int | None = None


MAIN = Buyer(
    "Sharma General Store", "Sunita Sharma", "Pune", "411038", "27", "ABCPS4821K", "prompt", 26,
    "12, Paud Road, near Kothrud Bus Depot, Kothrud", limit=150_000,
)  # fmt: skip
OTHER = Buyer(
    "Patel Provision Store", "Jignesh Patel", "Ahmedabad", "380009", "24", "AEKPP7315L", "part", 15,
    "4, Ellora Arcade, C G Road, Navrangpura",
)  # fmt: skip
TWO_SHOPS = Buyer(
    "Deshmukh Super Bazaar", "Vaishali Deshmukh", "Pune", "411030", "27", "AAHFD2290M", "prompt", 15,
    "118, Sadashiv Peth",
)  # fmt: skip
STOPPED = Buyer(
    "Bhatia Traders", "Harpreet Bhatia", "Ludhiana", "141001", "03", "AAXPB6407R", "late", 6, "Chaura Bazaar",
)  # fmt: skip

BUYERS: tuple[Buyer, ...] = (
    MAIN,
    OTHER,
    TWO_SHOPS,
    STOPPED,
    Buyer("श्री गणेश किराणा भांडार", "संतोष जाधव", "Satara", "415001", "27", "", "part", 11, "मुख्य बाजारपेठ, राजवाडा चौक", "hi"),
    Buyer("गुप्ता जनरल स्टोर", "मनोज गुप्ता", "Lucknow", "226001", "09", "AJUPG3328C", "late", 8, "अमीनाबाद मार्केट", "hi"),
    Buyer("ஸ்ரீ முருகன் மளிகை", "கார்த்திக் ராஜன்", "Chennai", "600017", "33", "", "prompt", 9, "உஸ்மான் சாலை, தியாகராய நகர்"),
    Buyer(
        "Sri Venkateswara Traders, Commission Agents and General Merchants (Wholesale and Retail), Chikkaballapur",
        "Nagaraja Venkatasubbaiah Hegde", "Chikkaballapur", "562101", "29", "AAEFS9052H", "part", 11,
        "Old APMC Yard, Gowribidanur Road, behind the District Co-operative Central Bank, Ward 17",
    ),
    Buyer("Khan Kirana & Dry Fruits", "Imran Khan", "Hyderabad", "500002", "36", "ANGPK1186D", "prompt", 12, "Begum Bazar"),
    Buyer("Joshi Brothers", "Anil Joshi", "Nashik", "422001", "27", "AADFJ5561B", "prompt", 13, "Ravivar Karanja"),
    Buyer("Laxmi Super Market", "Pooja Kulkarni", "Kolhapur", "416002", "27", "AABCL7740P", "part", 13, "Rajarampuri 5th Lane", limit=200_000),
    Buyer("New Bombay Provision Stores", "Francis D'Souza", "Margao", "403601", "30", "ACQPD2873N", "late", 8, "Abade Faria Road"),
    Buyer("Meenakshi Stores", "Lakshmi Subramanian", "Madurai", "625001", "33", "BCDPS6194G", "prompt", 10, "West Masi Street"),
    Buyer("Jain & Sons", "Mahavir Jain", "Indore", "452002", "23", "AAFFJ3087Q", "ahead", 9, "Malharganj"),
    Buyer("City Mart", "Rohan Shetty", "Mangaluru", "575001", "29", "AAHCC4416E", "prompt", 9, "Hampankatta"),
    Buyer("Annapurna Caterers", "Deepa Nair", "Kochi", "682011", "32", "AKZPN5928F", "late", 9, "M G Road, Ernakulam"),
    Buyer("Hotel Shreyas", "Mahesh Bhosale", "Pune", "411004", "27", "AAGCH8135J", "part", 15, "Apte Road, Deccan Gymkhana", limit=250_000),
    Buyer("Rajdhani Bhojanalaya", "Bhawar Singh Rathore", "Jodhpur", "342001", "08", "", "late", 7, "Sojati Gate"),
    Buyer("Mahalaxmi Trading Co", "Kishor Oswal", "Sangli", "416416", "27", "AAQFM6702T", "ahead", 11, "Ganpati Peth"),
    Buyer("Banerjee Bhandar", "Subrata Banerjee", "Kolkata", "700007", "19", "ADMPB3349S", "part", 7, "Burrabazar"),
    Buyer("Om Sai Kirana", "Ganesh Pawar", "Pune", "411041", "27", "", "cash", 8, "Dhayari Phata"),
    Buyer("Shivneri Stores", "Tukaram Shinde", "Junnar", "410502", "27", "", "part", 8, "Junnar Peth", "hi"),
    Buyer("A to Z Mini Mart", "Zoya Shaikh", "Mumbai", "400070", "27", "BFLPS7781A", "prompt", 12, "L B S Marg, Kurla West"),
    Buyer("Kamath Departmental", "Sudhir Kamath", "Belagavi", "590001", "29", "AAJPK4490V", "prompt", 8, "Khade Bazar"),
    Buyer("Verma Kirana Store", "Rekha Verma", "Bhopal", "462001", "23", "", "late", 7, "Chowk Bazaar", "hi"),
    Buyer("Delhi Daily Needs", "Gurmeet Kaur", "New Delhi", "110006", "07", "AAECD1523W", "part", 7, "Khari Baoli"),
    Buyer("Silvassa Stores", "Hitesh Rana", "Silvassa", "396230", "26", "AMRPR8867U", "prompt", 7, "Kilvani Naka"),
    Buyer("Konkan Fresh", "Prajakta Sawant", "Ratnagiri", "415612", "27", "", "prompt", 7, "Maruti Mandir"),
    Buyer("Surat Sweet House", "Bhavesh Desai", "Surat", "395003", "24", "AAVFS2914Y", "part", 8, "Chowk Bazar"),
    Buyer("Green Leaf Organics LLP", "Aditi Rao", "Bengaluru", "560004", "29", "AAXFG6053K", "prompt", 7, "Gandhi Bazaar, Basavanagudi"),
    Buyer("Chavan Kirana", "Sachin Chavan", "Solapur", "413002", "27", "", "late", 7, "Navi Peth"),
    Buyer("Hindustan Trading", "Salim Ansari", "Malegaon", "423203", "27", "AGHPA7266B", "part", 8, "Kidwai Road"),
    Buyer("Modern Bakery", "Cyrus Irani", "Pune", "411001", "27", "AAIPI3805C", "cash", 9, "East Street, Camp"),
    Buyer("Saraswati Hostel Mess", "Nilesh Gaikwad", "Pune", "411007", "27", "", "part", 9, "Ganeshkhind Road"),
    Buyer("Balaji Provisions", "Ravi Teja", "Vijayawada", "520001", "37", "AOVPR1937M", "prompt", 7, "Besant Road"),
    Buyer("Rathi Agencies", "Vinod Rathi", "Ahilyanagar", "414001", "27", "AADFR5148N", "prompt", 9, "Dal Mandai"),
    Buyer("Tambe Tea House", "Sarika Tambe", "Pune", "411002", "27", "", "cash", 8, "Tulshibaug"),
    Buyer("Everest Traders", "Pemba Sherpa", "Siliguri", "734001", "19", "CKTPS6620H", "late", 5, "Hill Cart Road"),
    Buyer("Nirmal Stores", "Nirmala Yadav", "Varanasi", "221001", "09", "", "prompt", 7, "Godowlia", "hi"),
)  # fmt: skip
CASH_BILLS = 10
CREDIT_NOTES = 16
ORDERS_BILLED = 2  # 400 documents in all
