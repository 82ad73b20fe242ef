"""The API has one stage."""

import unittest

import translation


class TheApi(unittest.TestCase):
    def test_there_is_one_stage(self):
        # SAM adds a public stage `Stage`, without what is set on ours, unless OpenApiVersion is given.
        stages = [
            resource["Properties"]["StageName"]
            for resource in translation.deployed().values()
            if "StageName" in resource.get("Properties", {})
        ]
        self.assertEqual(stages, ["prod"])


if __name__ == "__main__":
    unittest.main()
