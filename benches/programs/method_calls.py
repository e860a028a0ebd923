"""Method calls on instances, with attribute reads and writes and one overridden method.

Usage: method_calls.py [N]
    N  number of rounds; each makes about five method calls (default 2500000)
"""

import sys


class Account:
    def __init__(self, owner, balance):
        self.owner = owner
        self.balance = balance
        self.transactions = 0

    def deposit(self, amount):
        self.balance += amount
        self.transactions += 1

    def withdraw(self, amount):
        if self.allowed(amount):
            self.balance -= amount
            self.transactions += 1
            return True
        return False

    def allowed(self, amount):
        return amount <= self.balance


class Overdraft(Account):
    def __init__(self, owner, balance, limit):
        super().__init__(owner, balance)
        self.limit = limit

    def allowed(self, amount):
        return amount <= self.balance + self.limit


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 2_500_000
    plain = Account("ada", 100)
    other = Overdraft("bob", 100, 50)
    refused = 0
    for i in range(rounds):
        amount = i & 63
        plain.deposit(amount)
        if not plain.withdraw(amount + 1):
            refused += 1
        if not other.withdraw(amount):
            refused += 1
            other.deposit(500)
    for account in (plain, other):
        print(account.owner, account.balance, account.transactions)
    print("refused", refused)


if __name__ == "__main__":
    main()
