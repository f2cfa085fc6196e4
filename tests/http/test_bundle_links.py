# SPDX-License-Identifier: Apache-2.0
"""What the entries of a transaction say of each other: placeholders, references by
fullUrl, conditional references."""
import json
import uuid

import pytest

from bundles import (new_uuid, entry, post, bundle, send, refused, text_of,
                     statuses, id_of, total, referring, referred, identifier,
                     BOTH)
from support import places, weight

OPTIONS = ["--set", "batch_stu3=on"]


# ---- transactions: references -----------------------------------------------

@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize("scheme", ["urn:uuid:", "urn:oid:"])
@pytest.mark.parametrize("order", ["before", "behind"])
def test_placeholders(person, fhir, scheme, order):
    name = scheme + (str(uuid.uuid4()) if "uuid" in scheme else "1.2.3.4")
    target = post(weight(person.id, fhir=fhir), name)
    source = post(referring(person.id, name, fhir, valueUri=name,
                            valueString=name), new_uuid())
    pair = [target, source] if order == "before" else [source, target]
    got = send(person, "transaction", *pair, fhir=fhir)
    if order == "behind":
        got.reverse()
    where = "Observation/" + id_of(got[0])
    assert referred(person, id_of(got[1]), fhir) == where
    o = person.get("/Observation/" + id_of(got[1]), fhir).json()
    assert o["extension"][1]["valueUri"] == where
    assert o["extension"][2]["valueString"] == name


def test_circle_and_self(person):
    a, b = new_uuid(), new_uuid()
    got = send(person, "transaction", post(referring(person.id, b), a),
               post(referring(person.id, a), b))
    one, two = id_of(got[0]), id_of(got[1])
    assert referred(person, one) == "Observation/" + two
    assert referred(person, two) == "Observation/" + one
    got = send(person, "transaction", post(referring(person.id, a), a))
    assert referred(person, id_of(got[0])) == "Observation/" + id_of(got[0])


def test_identifier_stays(person):
    """Clients like to use one uuid for both: the identifier is no name."""
    o = referring(person.id, "urn:uuid:x")
    name = identifier(o)
    o["extension"][0]["valueReference"]["reference"] = name
    condition = "identifier=" + name
    e = post(o, name, ifNoneExist=condition)
    got = send(person, "transaction", e)
    stored = person.get("/Observation/" + id_of(got[0])).json()
    assert identifier(stored) == name
    assert referred(person, id_of(got[0])) == "Observation/" + id_of(got[0])
    again = send(person, "transaction", e)
    assert statuses(again) == [200] and id_of(again[0]) == id_of(got[0])


def test_narrative_stays(person):
    name = new_uuid()
    o = referring(person.id, name)
    o["text"]["div"] = o["text"]["div"].replace("Koodi", name + " Koodi")
    got = send(person, "transaction", post(weight(person.id), name), post(o))
    stored = person.get("/Observation/" + id_of(got[1])).json()
    assert name in stored["text"]["div"]


def test_text_is_kept(person):
    """What is not a name stays as it was sent, to the byte."""
    name = new_uuid()
    o = json.dumps(referring(person.id, name)).replace("72.5", "72.500")
    b = json.dumps(bundle("transaction", post(weight(person.id), name),
                          entry("POST", "Observation", "@")))
    got = person.post(b.replace('"@"', o.replace("Koodi", "\\u004boodi")),
                      path="/", status=200).json()["entry"]
    stored = person.get("/Observation/" + id_of(got[1])).text
    assert '"value":72.500,' in stored and "\\u004boodi" in stored
    assert '{"reference":"Observation/' + id_of(got[0]) + '"}' in stored


@pytest.mark.parametrize("fhir", BOTH)
@pytest.mark.parametrize("name", ["urn:uuid:5d8c1e0e-0000-4000-8000-00000000"
                                  "0001", "urn:oid:1.2.3"])
def test_unresolved(person, fhir, name):
    o = refused(person, 400, post(weight(person.id, fhir=fhir), new_uuid()),
                post(referring(person.id, name, fhir)), fhir=fhir)
    assert text_of(o) == (f"Unable to satisfy placeholder ID {name} found in "
                          "element named 'valueReference' within resource of "
                          "type: Observation")
    assert places(o)[0].startswith("Bundle.entry[1].resource")
    assert total(person, fhir) == 0


def test_unresolved_performer(person):
    bad = weight(person.id)
    bad["performer"] = [{"reference": "Patient/" + person.id},
                        {"reference": "urn:uuid:x"}]
    o = refused(person, 400, post(bad))
    assert "element named 'performer'" in text_of(o)


def test_unknown_type_of_a_target(person):
    """What is told is the cause, not what comes of it."""
    name = new_uuid()
    o = refused(person, 404, post({"resourceType": "Device"}, name),
                post(referring(person.id, name)))
    assert text_of(o).startswith("Unknown resource type 'Device'")
    assert places(o) == ["Bundle.entry[0]"]


def test_batches_have_no_names(person):
    """References between the entries of a batch lead nowhere."""
    name = new_uuid()
    got = send(person, "batch", post(weight(person.id), name),
               post(referring(person.id, name)))
    assert statuses(got) == [201, 400]


def test_full_urls(person):
    """References by the rules of fullUrl: the same URL, or relative to it."""
    base = "http://client.test/fhir/"
    got = send(person, "transaction",
               post(weight(person.id), base + "Observation/7"),
               post(referring(person.id, "Observation/7"),
                    base + "Observation/8"),
               post(referring(person.id, base + "Observation/7"), new_uuid()))
    assert statuses(got) == [201] * 3
    where = "Observation/" + id_of(got[0])
    assert referred(person, id_of(got[1])) == where
    assert referred(person, id_of(got[2])) == where


def test_names_by_id(person):
    """Without a fullUrl a new resource goes by the id that it was sent with."""
    got = send(person, "transaction", post(dict(weight(person.id), id="mine")),
               post(referring(person.id, "Observation/mine")))
    assert referred(person, id_of(got[1])) == "Observation/" + id_of(got[0])
    assert id_of(got[0]) != "mine"


def test_updated_target(person):
    made = person.post(weight(person.id), status=201).json()
    made["valueQuantity"]["value"] = 81
    name = new_uuid()
    got = send(person, "transaction",
               entry("PUT", "Observation/" + made["id"], made, name),
               post(referring(person.id, name)))
    assert referred(person, id_of(got[1])) == "Observation/" + made["id"]
    assert id_of(got[0]) == made["id"]


@pytest.mark.parametrize("fhir", BOTH)
def test_existing_target(person, fhir):
    """A name of a conditional create is that of what is there already."""
    old = weight(person.id, fhir=fhir)
    made = person.post(old, fhir, status=201).json()["id"]
    name = new_uuid()
    got = send(person, "transaction", post(referring(person.id, name, fhir)),
               post(old, name, ifNoneExist="identifier=" + identifier(old)),
               fhir=fhir)
    assert statuses(got) == [201, 200]
    assert referred(person, id_of(got[0]), fhir) == "Observation/" + made
    assert total(person, fhir) == 2


def test_ambiguous_condition(person):
    old = weight(person.id)
    for _ in range(2):
        person.post(old, status=201)
    condition = "identifier=" + identifier(old)
    got = send(person, "batch", post(old, ifNoneExist=condition),
               post(old, ifNoneExist="code=x"))
    assert [e["response"]["status"] for e in got] == [
        "412 Precondition Failed", "400 Bad Request"]
    assert text_of(got[0]["response"]["outcome"]) == (
        f'Failed to CREATE resource with match URL "{condition}" because this '
        "search matched 2 resources")
    o = refused(person, 412, post(weight(person.id)),
                post(old, ifNoneExist=condition))
    assert places(o) == ["Bundle.entry[1]"]
    refused(person, 400, post(old, ifNoneExist="code=x"))
    assert total(person) == 2


def test_the_same_condition_twice(person):
    """The second one would find what the first one stores."""
    o = weight(person.id)
    condition = "identifier=" + identifier(o)
    e = [post(o, new_uuid(), ifNoneExist=condition) for _ in range(2)]
    assert text_of(refused(person, 400, *e)) == (
        "Unable to process transaction - Request would cause multiple "
        f'resources to match URL: "{condition}". Does transaction request '
        "contain duplicates?")
    assert total(person) == 0
    assert statuses(send(person, "batch", *e)) == [201, 200]
    assert statuses(send(person, "transaction", *e)) == [200, 200]


def test_a_condition_that_an_entry_meets(start):
    """An update on a condition which the create before it meets."""
    server = start(*OPTIONS, "--set", "conditional_update=on")
    person = server.person(server.register())
    o = weight(person.id)
    condition = "?identifier=" + identifier(o)
    said = refused(person, 400, post(o, new_uuid()),
                   entry("PUT", "Observation" + condition, o, new_uuid()))
    assert f'to match URL: "{condition}"' in text_of(said)
    assert places(said) == ["Bundle.entry[1].request.url"]
    assert total(person) == 0


@pytest.mark.parametrize("method,path", [
    ("PUT", "Observation/" + 150 * "a"), ("POST", 161 * "O")])
def test_long_targets(person, method, path):
    """Short names for long paths would make much of little."""
    o = weight(person.id)
    said = refused(person, 400, entry(method, path + "?x", o, "x"),
                   post(referring(person.id, "x"), new_uuid()))
    assert "URL provided is invalid" in text_of(said)
    assert places(said) == ["Bundle.entry[0].request.url"]


def test_more_references_than_fit(person):
    """Each of them grows, until all of them are larger than a body may be."""
    o = weight(person.id)
    o["performer"] = [{"reference": "x"}] * 180000
    said = refused(person, 413, post(weight(person.id), "x"),
                   post(o, new_uuid()))
    assert "What the references of the Bundle become" in text_of(said)
    assert places(said) == ["Bundle.entry[1].resource"]
    assert total(person) == 0


def test_conditional_references(person):
    old = weight(person.id)
    made = person.post(old, status=201).json()["id"]
    by = "Observation?identifier=" + identifier(old)
    got = send(person, "transaction", post(referring(person.id, by)),
               post(referring(person.id, by)))
    assert referred(person, id_of(got[0])) == "Observation/" + made
    assert referred(person, id_of(got[1])) == "Observation/" + made
    none = "Observation?identifier=urn:uuid:none"
    o = refused(person, 412, post(referring(person.id, none)))
    assert text_of(o) == \
        f'Invalid match URL "{none}" - No resources match this search'
    person.post(old, status=201)
    o = refused(person, 412, post(referring(person.id, by)))
    assert text_of(o) == \
        f'Invalid match URL "{by}" - Multiple resources match this search'
    refused(person, 400, post(referring(person.id, "Observation?code=x")))
    assert total(person) == 4


def test_names_in_urls(person):
    name = new_uuid()
    got = send(person, "transaction", post(weight(person.id), name),
               entry("GET", name),
               entry("GET", f"Observation?patient={person.id}"
                     f"&identifier={name}"))
    assert statuses(got) == [201, 200, 200]
    assert got[1]["resource"]["id"] == id_of(got[0])
    assert got[2]["resource"]["total"] == 0


def test_twice(person):
    name = new_uuid()
    made = person.post(weight(person.id), status=201).json()
    where = "Observation/" + made["id"]
    base = "http://client.test/Observation/1"
    for twice, said in [
            ([post(weight(person.id), name), post(weight(person.id), name)],
             name),
            ([post(weight(person.id), base), post(weight(person.id), base)],
             base),
            ([entry("PUT", where, made), entry("DELETE", where)], where),
            ([entry("PUT", where, made), entry("PUT", where, made)], where),
            ([post(dict(weight(person.id), id="a")),
              post(dict(weight(person.id), id="a"))], "Observation/a")]:
        o = refused(person, 400, *twice)
        assert text_of(o) == ("Transaction bundle contains multiple resources "
                              "with ID: " + said)
        assert places(o) == ["Bundle.entry[1]"]
    assert total(person) == 1
    # entries of a batch stand alone
    got = send(person, "batch", post(weight(person.id), name),
               post(weight(person.id), name))
    assert statuses(got) == [201, 201]


def test_references_to_what_is_there(person, other):
    made = person.post(weight(person.id), status=201).json()["id"]
    good = referring(person.id, "Observation/" + made)
    assert statuses(send(person, "transaction", post(good))) == [201]
    o = refused(person, 400, post(weight(person.id)),
                post(referring(person.id, "Observation/none")))
    assert text_of(o).startswith("Resource Observation/none not found")
    assert places(o)[0].startswith("Bundle.entry[1].resource.extension[0]")
