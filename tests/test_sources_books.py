from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.config import Company
from quarterdeck.errors import InputInvalid
from quarterdeck.sources.books import read_books
from quarterdeck.sources.reading import Document

COMPANY = Company.model_validate(
    {"slug": "harbour", "name": "Harbour", "currency": "USD", "time_zone": "America/Los_Angeles", "sources": {}}
)
CHART = "account,name,kind\n1010,Bank,cash\n4000,Charters,revenue\n"


def document(name, text):
    return Document(name, text.encode(), f"books/{name}")


def read(**files):
    return read_books([document(f"{name}.csv", text) for name, text in files.items()], COMPANY)


def refusal(**files):
    with pytest.raises(InputInvalid) as refused:
        read(**files)
    return str(refused.value).splitlines()[0]


def test_the_four_files_become_four_tables():
    """Amounts are cents, days are days, empty optional cells are missing, and columns may come in any order."""
    reading = read(
        chart_of_accounts=CHART,
        expenses="vendor,date,amount,account,channel\r\n"
        "Fuel Dock,2026-11-20,412.50,5100,\r\nRefund,2026-11-21,-3,,web\r\n",
        plan="month,account,amount\n2026-11,4000,50000\n",
        balances="date,account,balance,currency\n2026-11-22,1010,9000.07,USD\n",
    )

    assert set(reading.tables) == {"accounts", "expenses", "plan", "balances"}
    assert reading.tables["expenses"].to_pylist() == [
        _expense(date(2026, 11, 20), "Fuel Dock", 41250, "5100", None),
        _expense(date(2026, 11, 21), "Refund", -300, None, "web"),
    ]
    assert reading.tables["plan"].to_pylist() == [{"month": "2026-11", "account": "4000", "amount_minor": 5000000}]
    assert reading.tables["balances"].to_pylist() == [
        {"date": date(2026, 11, 22), "account": "1010", "balance_minor": 900007}
    ]
    assert reading.findings == ()
    assert len(reading.hashes) == 4


def _expense(day, vendor, minor, account, channel):
    return {"date": day, "vendor": vendor, "amount_minor": minor, "account": account, "channel": channel}


def test_each_file_is_optional():
    """A file that is not there is an absent table; one with a header only is present and empty."""
    reading = read(plan="month,account,amount\n")

    assert set(reading.tables) == {"plan"}
    assert reading.tables["plan"].num_rows == 0


def test_csv_is_read_as_the_standard_says():
    """A byte order mark, quotes, commas, line breaks in quotes and blank lines are read as RFC 4180 means them."""
    text = '\ufeffdate,vendor,amount\n2026-11-20,"Fuel, ""Dock""\nPier 4",1\n\n2026-11-21, Shop ,2\n'

    rows = read(expenses=text).tables["expenses"].to_pylist()

    assert [row["vendor"] for row in rows] == ['Fuel, "Dock"\nPier 4', "Shop"]


def test_accounts_that_the_chart_does_not_know_are_reported_for_plan_and_balances():
    """An unknown account counts nowhere in plan and balances, which is said; in expenses it is a figure of its own."""
    many = "".join(f"2026-11-22,9{number:03},1\n" for number in range(12))
    files = {
        "expenses": "date,vendor,amount,account\n2026-11-20,Fuel,1,9999\n",
        "plan": "month,account,amount\n2026-11,4000,5\n",
        "balances": f"date,account,balance\n2026-11-22,1010,9\n{many}",
    }

    with_chart = read(chart_of_accounts=CHART, **files)

    named = ", ".join(f"9{number:03}" for number in range(10))
    assert [finding.message for finding in with_chart.findings] == [
        f"balances: not in the chart of accounts: {named} and 2 more"
    ]
    assert read(**files).findings == ()


def test_a_misnamed_file_is_reported():
    """A CSV file under another name is not read, and the finding says which names are."""
    reading = read(expense="date,vendor,amount\n")

    assert not reading.tables
    assert reading.findings[0].message.startswith("expense.csv is none of chart_of_accounts.csv, expenses.csv")


def test_expenses_may_come_twice():
    """A vendor may be paid the same sum twice a day: both rows stay."""
    reading = read(expenses="date,vendor,amount\n2026-11-20,Fuel,1\n2026-11-20,Fuel,1\n")

    assert reading.tables["expenses"].num_rows == 2


@given(st.integers(-(10**17), 10**17))
def test_amounts_are_exact(minor):
    """Any amount in dollars and cents is read back to the cent."""
    sign, dollars, cents = "-" if minor < 0 else "", *divmod(abs(minor), 100)

    table = read(expenses=f"date,vendor,amount\n2026-11-20,Fuel,{sign}{dollars}.{cents:02}\n").tables["expenses"]

    assert table["amount_minor"].to_pylist() == [minor]


EXPENSES = "date,vendor,amount"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("expenses", "date,amount\n", "line 1: found no column 'vendor', expected a header with 'vendor'"),
        ("expenses", "", "line 1: found no column 'date', expected a header with 'date'"),
        ("balances", "date,account,amount\n", "line 1: found the unknown column 'amount', expected comma-separated"),
        (
            "expenses",
            "date;vendor;amount\n",
            "line 1: found the unknown column 'date;vendor;amount', expected comma-sep",
        ),
        ("chart_of_accounts", "account,name,kind,currency\n", "line 1: found the unknown column 'currency'"),
        ("expenses", f"{EXPENSES},date\n", "line 1: found the column 'date' a second time, expected every column once"),
        ("expenses", f"{EXPENSES}\n2026-11-20,Fuel\n", "line 2: found 2 cells, expected 3 cells, as in the header"),
        ("expenses", f"{EXPENSES}\n2026-11-20,Fuel,1,2\n", "line 2: found 4 cells, expected 3 cells, as in the header"),
        ("expenses", f"{EXPENSES}\n\n2026-11-31,Fuel,1\n", "line 3, date: found '2026-11-31', expected a day such as"),
        ("expenses", f"{EXPENSES}\n20.11.2026,Fuel,1\n", "line 2, date: found '20.11.2026', expected a day such as"),
        ("expenses", f'{EXPENSES}\n2026-11-20,"a\nb",1\n2026-11-20,,1\n', "line 4, vendor: found '', expected a value"),
        ("expenses", f"{EXPENSES}\n2026-11-20,Fuel,$5\n", "line 2, amount: found '$5', expected a number such as 1234"),
        (
            "expenses",
            f"{EXPENSES}\n2026-11-20,Fuel,\n",
            "line 2, amount: found '', expected a value: every row needs amo",
        ),
        (
            "expenses",
            f"{EXPENSES}\n2026-11-20,Fuel,1.005\n",
            "line 2, amount: found '1.005', expected an amount with at",
        ),
        ("expenses", f'{EXPENSES}\n2026-11-20,"Fuel" Dock,1\n', "line 2: found malformed CSV ("),
        ("expenses", f'{EXPENSES}\n2026-11-20,"Fuel', "line 2: found malformed CSV ("),
        ("plan", "month,account,amount\n2026-13,4000,1\n", "line 2, month: found '2026-13', expected a month such as"),
        ("plan", "month,account,amount\n1026-11,4000,1\n", "line 2, month: found '1026-11', expected a year from 1971"),
        (
            "plan",
            "month,account,amount\n2026-11,1,1\n2026-11,1,2\n",
            "line 3: found 2026-11, 1 a second time (first: l",
        ),
        (
            "balances",
            "date,account,balance\n2026-11-22,1,1\n2026-11-22,1,1\n",
            "expected one row for each date and acc",
        ),
        ("chart_of_accounts", f"{CHART}1010,Cash,cash\n", "line 4: found 1010 a second time (first: line 2), expected"),
        (
            "chart_of_accounts",
            f"{CHART}1,Cash,bank\n",
            "line 4, kind: found 'bank', expected one of revenue, cogs, labo",
        ),
        (
            "expenses",
            f"{EXPENSES},currency\n2026-11-20,F,1,\n2026-11-20,F,1,EUR\n",
            "line 3, currency: found 'EUR', exp",
        ),
    ],
)
def test_wrong_books_are_refused_with_line_and_column(name, text, said):
    """The message names file, line, column, value and what was expected."""
    message = refusal(**{name: text})

    assert message.startswith(f"books/{name}.csv, line ")
    assert said in message
