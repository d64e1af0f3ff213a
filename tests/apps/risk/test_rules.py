import numpy as np

from mingcha.apps.risk.rules import risk_classes


def test_classes_by_multiples_of_the_base_rate():
    p = np.array([0.0, 0.0749, 0.0751, 0.1, 0.1499, 0.1501, 0.2499, 0.2501, 0.9])
    assert "".join(risk_classes(p, 0.1)) == "AABBBCCDD"
