# cause: test-failure
# lines: 3-8
# needs: python3
printf 'import unittest\nclass Cart(unittest.TestCase):\n  def test_total(self):\n    self.assertEqual(1 + 1, 3)\nunittest.main()\n' > test_cart.py
python3 test_cart.py
