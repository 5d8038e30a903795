# cause: resource-limit
# lines: 4
# needs: python3
ulimit -n 16
python3 -c "all = [open('/dev/null') for _ in range(99)]"
