"""Read directly, the table says what pycountry says."""

import pycountry

from graph.rules.subdivisions import by_code


def test_codes_names_and_parents_are_those_of_pycountry():
    theirs = {place.code: (place.code, place.name, place.parent_code) for place in pycountry.subdivisions}
    assert {code: tuple(place) for code, place in by_code().items()} == theirs
    assert list(by_code()) == sorted(theirs)
    assert by_code()["GB-LND"].parent_code == "GB-ENG"
