from tests.docs.names import TIMES, with_tables


def test_the_tables_of_names_and_tags_are_those_that_the_code_reads_by() -> None:
    text = TIMES.read_text(encoding="utf-8")
    assert with_tables(text) == text, "run: python -m tests.docs.names"
