"""A short soak: each way to break the suite once. tools/soak does it for as long as you like."""

import unittest

import chaos

SEED = 20231114


class ChaosTest(unittest.TestCase):
    def test_nothing_is_lost_and_no_double_is_without_a_cause(self):
        print(f"seed {SEED}")
        verdict = chaos.soak(seconds=60, pause=1, seed=SEED, replicas=1,
                             ways=["kill_one", "crash_postgres", "kill_all", "cut_connections"])

        self.assertGreater(verdict.acknowledged, 0)
        self.assertEqual(verdict.lost, [])
        self.assertEqual(verdict.other_ids, [])
        self.assertEqual(verdict.unexplained, [])


if __name__ == "__main__":
    unittest.main()
