# SPDX-License-Identifier: Apache-2.0
"""A vendor's suite: pytest. Each test has a citizen of its own, so all may run
at once against one server."""
import re

import pytest

import kanta
from weights import Refused, Weights, weight


@pytest.fixture(scope="session")
def server():
    with kanta.running() as k:
        yield k


@pytest.fixture
def person(server):
    return server.citizen()


@pytest.fixture
def weights(server, person):
    return Weights(server.r4, person["token"])


def test_stored_and_found_again(weights, person):
    where = weights.store(weight(person["patient_id"], 72.4))
    assert re.search(r"/Observation/[^/]+/_history/1$", where)
    assert weights.all(person["patient_id"]) == [72.4]


def test_refused_with_the_reason(weights, person):
    with pytest.raises(Refused, match="422: .*'g' but must be 'kg'"):
        weights.store(weight(person["patient_id"], 72.4, unit="g"))
    assert weights.all(person["patient_id"]) == []


def test_nobody_elses_business(server, weights, person):
    weights.store(weight(person["patient_id"], 72.4))
    other = Weights(server.r4, server.citizen()["token"])
    with pytest.raises(Refused, match="403"):
        other.all(person["patient_id"])


def test_it_comes_through_when_the_service_is_busy(server, weights, person):
    posts = {"hetu": person["hetu"], "method": "POST"}
    server.admin("/faults", match=posts, times=2,
                 action={"status": 503, "retry_after": 0})
    weights.store(weight(person["patient_id"], 72.4))
    assert weights.all(person["patient_id"]) == [72.4]
    # two in vain, and the one that was stored
    assert server.admin("/requests/count", match=posts)["count"] == 3


def test_a_new_token_is_needed_when_the_hour_is_over(server, weights, person):
    server.admin("/tokens/expire", hetu=person["hetu"])
    with pytest.raises(Refused, match="401"):
        weights.all(person["patient_id"])


def test_the_citizen_withdraws_the_permission(server, weights, person):
    server.admin("/permissions/withdraw", client_id="demo-app",
                 hetu=person["hetu"])
    with pytest.raises(Refused, match="401"):
        weights.store(weight(person["patient_id"], 72.4))
