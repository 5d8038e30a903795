# cause: healthy
# needs: python3
printf 'import unittest\nclass Cart(unittest.TestCase):\n  def test_error(self):\n    pass\nunittest.main(verbosity=2)\n' > test_cart.py
python3 test_cart.py
