"""PyJWT with its client for key sets. Only the fetch and the clock are replaced."""

import datetime
import json
import warnings

import jwt
from judge import main

warnings.simplefilter("ignore")


class Client(jwt.PyJWKClient):
    def __init__(self, jwks):
        super().__init__("https://issuer.invalid/keys", cache_jwk_set=False)
        self.jwks = jwks

    def fetch_data(self):
        return json.loads(self.jwks)


def judge(one, settings):
    class Clock(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.fromtimestamp(settings["now"], tz)

    jwt.api_jwt.datetime = Clock
    key = Client(one["jwks"]).get_signing_key_from_jwt(one["token"])
    jwt.decode(
        one["token"],
        key,
        algorithms=one["algorithms"],
        audience=settings["audience"],
        issuer=settings["issuer"],
        leeway=settings["leeway"],
        options={"require": ["exp", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
    )


main(judge)
