import pytest

from sandbox.app import World
from sandbox.load import load_folder, load_text

LONG_ID = "003Sb0000009999"


@pytest.fixture
def world():
    return World()


def told(loaded):
    return [str(reject) for reject in loaded.rejects]


@pytest.fixture
def folder(tmp_path):
    """A shop's export: refs point from file to file."""
    files = {
        "salesforce/Contact.csv": "ref,LastName,AccountId,CreatedDate\nc1,Norvaar,a1,2024-05-06T07:08:09Z\n",
        "salesforce/Account.csv": "ref,Name\na1,Norvaar Trading\n",
        "salesforce/Order.csv": (
            "ref,AccountId,BillToContactId,EffectiveDate,Status,TotalAmount,IsReductionOrder,OriginalOrderId\n"
            "536365,a1,c1,2025-01-02,Activated,120.50,false,\n"
            "C536379,a1,c1,2025-01-09,Activated,-20.50,true,536365\n"
        ),
        "hubspot/orders_contacts.csv": "orders,contacts\no1,p1\n",
        "hubspot/orders.csv": "ref,hs_order_name,hs_total_price\no1,First,10.00\n",
        "hubspot/deals.csv": "dealname,dealstage,contact,contact:Referrer\nBig,closedwon,p1,p2;p3\n",
        "hubspot/contacts.csv": (
            "ref,id,lastname,salesforcecontactid,createdate\n"
            "p1,,Norvaar,c1,2024-05-06T07:08:09Z\np2,7001,Second,,\np3,,Third,,\n"
        ),
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_folder_is_loaded_parents_first_and_refs_lead_to_ids(world, folder):
    loaded = load_folder(world, folder)
    assert loaded.rejects == []
    assert loaded.taken == 10
    (contact,) = world.org.rows("Contact")
    (account,) = world.org.rows("Account")
    sale, reduction = world.org.rows("Order")
    assert contact["AccountId"] == sale["AccountId"] == account["Id"]
    assert sale["BillToContactId"] == contact["Id"]
    assert reduction["OriginalOrderId"] == sale["Id"]
    assert (reduction["IsReductionOrder"], reduction["TotalAmount"]) == (True, -20.5)


def test_a_creation_date_is_when_the_record_was_made(world, folder):
    load_folder(world, folder)
    (contact,) = world.org.rows("Contact")
    assert contact["CreatedDate"] == contact["SystemModstamp"] == "2024-05-06T07:08:09.000+0000"
    norvaar = next(row for row in world.portal.rows("contacts") if row["lastname"] == "Norvaar")
    assert norvaar["createdate"] == norvaar["lastmodifieddate"] == "2024-05-06T07:08:09Z"


def test_hubspot_records_are_tied_by_files_and_by_columns_with_labels(world, folder):
    load_folder(world, folder)
    people = {row["lastname"]: int(row["id"]) for row in world.portal.rows("contacts")}
    (order,) = world.portal.rows("orders")
    (deal,) = world.portal.rows("deals")
    links = world.portal.store.links
    assert set(links.of(("orders", "contacts"), int(order["id"]))) == {people["Norvaar"]}
    labels = {
        other: {links.types(("deals", "contacts"))[each].label for each in types}
        for other, types in links.of(("deals", "contacts"), int(deal["id"])).items()
    }
    assert labels[people["Norvaar"]] == {None}
    assert labels[people["Second"]] == labels[people["Third"]] == {None, "Referrer"}


def test_ids_are_kept_where_given_and_a_salesforce_ref_works_in_hubspot(world, folder):
    load_folder(world, folder)
    (contact,) = world.org.rows("Contact")
    rows = {row["lastname"]: row for row in world.portal.rows("contacts")}
    assert rows["Second"]["id"] == "7001"
    assert rows["Norvaar"]["salesforcecontactid"] == contact["Id"]


def test_a_salesforce_id_in_the_file_is_the_records_own(world):
    load_text(world, "salesforce/Contact.csv", f"Id,LastName\n{LONG_ID},Norvaar\n")
    (contact,) = world.org.rows("Contact")
    assert contact["Id"].startswith(LONG_ID)
    loaded = load_text(world, "salesforce/Case.csv", f"ContactId,Status\n{LONG_ID},New\n")
    assert told(loaded) == []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("salesforce/Contact.csv", "LastName,Birthdate\nA,2026-02-30\nB,2026-02-28\n", ":2, column Birthdate: "),
        ("salesforce/Contact.csv", "LastName,Email\nA,nobody\nB,b@example.com\n", ":2, column Email: "),
        (
            "salesforce/Contact.csv",
            "LastName,CreatedDate\nA,soon\nB,2026-01-01\n",
            ":2, column CreatedDate: 'soon' is not",
        ),
        ("salesforce/Contact.csv", "LastName,AccountId\nA,a9\nB,\n", ":2, column AccountId: 'a9' is neither an id nor"),
        ("salesforce/Contact.csv", "ref,LastName\nx,A\nx,B\n", ":3, column ref: 'x' names an earlier row already"),
        ("salesforce/Contact.csv", "LastName,Title\nA\nB,b\n", ":2: 1 cells under 2 columns; put a cell that contains"),
        ("salesforce/Contact.csv", 'LastName,Title\n"A\nB",c,d\n\nC,d\n', ":2: 3 cells under 2 columns"),
        ("hubspot/contacts.csv", "lastname,email\nA,nobody\nB,b@example.com\n", ":2, column email: "),
        ("hubspot/contacts.csv", "id,lastname\nx1,A\n2,B\n", ":2, column id: "),
        ("hubspot/orders.csv", "hs_total_price,contact\n1.00,p9\n2.00,\n", ":2, column contact: 'p9' is neither an id"),
        ("hubspot/orders.csv", 'hs_total_price\n"1,00"\n2.00\n', ":2, column hs_total_price: "),
    ],
)
def test_a_bad_row_is_told_by_file_line_and_column_and_the_others_go_on(world, name, text, expected):
    loaded = load_text(world, name, text)
    assert loaded.files == {name: 1}
    (reject,) = told(loaded)
    assert reject.startswith(f"{name}{expected}")
    assert "; " in reject
    assert "\n" not in reject


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("salesforce/Kontact.csv", "LastName\nA\n", "Salesforce has no object Kontact; perhaps Contact is meant"),
        ("hubspot/contact.csv", "lastname\nA\n", "HubSpot has no object contact; perhaps contacts is meant"),
        ("hubspot/contacts.csv", "lastnam\nA\n", "column lastnam: there is no such field; nothing of this file was"),
        ("salesforce/Contact.csv", "LastName,LastName\nA,B\n", "column LastName: the column stands there twice"),
        ("salesforce/Contact.csv", "", "the file is empty"),
        ("pipedrive/persons.csv", "name\nA\n", "no CRM is meant by pipedrive/persons.csv"),
        ("hubspot/orders_contacts.csv", "orders\n1\n", "column contacts: the column is missing"),
    ],
)
def test_a_file_that_cannot_be_understood_is_told_at_its_first_line(world, name, text, expected):
    loaded = load_text(world, name, text)
    assert loaded.files == {name: 0}
    (reject,) = told(loaded)
    assert reject.startswith(f"{name}:1")
    assert expected in reject


def test_an_open_quote_and_a_wrong_encoding_are_told_where_reading_stopped(world, tmp_path):
    loaded = load_text(world, "salesforce/Contact.csv", 'LastName\nA\n"B\n')
    assert loaded.files == {"salesforce/Contact.csv": 1}
    assert "look for a quote that is not closed" in told(loaded)[0]
    (tmp_path / "hubspot").mkdir()
    (tmp_path / "hubspot" / "contacts.csv").write_bytes("lastname\nZoé\n".encode("latin-1"))
    assert "save it as UTF-8" in told(load_folder(world, tmp_path))[0]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(world, tmp_path):
    (tmp_path / "salesforce").mkdir()
    (tmp_path / "salesforce" / "Contact.csv").write_bytes('\ufeffLastName,Title\r\n王,"a\r\nb"\r\n'.encode())
    assert told(load_folder(world, tmp_path)) == []
    (contact,) = world.org.rows("Contact")
    assert contact["LastName"] == "王"


def test_a_row_that_ties_to_nothing_leaves_no_record_behind(world):
    load_text(world, "hubspot/orders.csv", "hs_total_price,contact\n1.00,p9\n")
    assert list(world.portal.rows("orders")) == []


def test_a_folder_without_files_is_an_error(world, tmp_path):
    with pytest.raises(ValueError, match="no CSV file"):
        load_folder(world, tmp_path)
