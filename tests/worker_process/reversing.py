"""The smallest module that answers: each of two parts backwards."""

import sys

from bot.worker_process import serve

if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer, 2, lambda first, second: (first[::-1], second[::-1]))
