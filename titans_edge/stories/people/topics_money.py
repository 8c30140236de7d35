"""Topics of money, orders and numbers of membership. Data only; the format is in topic.py."""

TABLE = r"""
# order thing v=order k=shop
S my order number at the {k} is {v}.
S the {k} order has the number {v}.
S order number from the {k}: {v}
S the number of my order at the {k} is {v}.
S I ordered from the {k}, the number is {v}.
Q what is my order number at the {k}?
Q which number does the {k} order have?
Q what's the order number from the {k}?
Q what is the number of my order at the {k}?
Q what number do I tell the {k}?
P what was my earlier order number at the {k}?
P which number did the first {k} order have?
C the {k} order was cancelled and made again, its number is {v} now.
C my order number at the {k} is not {o}, it's {v}.

# delivery thing v=when k=shop
S the parcel from the {k} arrives on {v}.
S the delivery from the {k} comes on {v}.
S the {k} delivers on {v}.
S the {k} parcel should be here on {v}.
S the {k} says they will deliver on {v}.
Q when does the parcel from the {k} arrive?
Q when does the delivery from the {k} come?
Q what day does the {k} deliver?
Q when should the {k} parcel be here?
P when should the {k} parcel have come first?
P what was the first delivery date of the {k}?
C the delivery from the {k} was put off from {o} to {v}.
C the {k} parcel is late, it comes on {v}.

# invoice thing v=order k=person_mr
S the invoice number from {k} is {v}.
S {k}'s invoice has the number {v}.
S invoice from {k}: {v}
S the number on {k}'s invoice is {v}.
Q what is the invoice number from {k}?
Q which number does {k}'s invoice have?
Q what's the number of the invoice from {k}?
Q what is the number on {k}'s invoice?

# invoice_sum thing v=price k=person_mr
S the invoice from {k} comes to {v}.
S {k} charged me {v}.
S I have to pay {k} {v}.
S I owe {k} {v}.
S {k}'s bill was {v}, more than I thought.
Q how much is the invoice from {k}?
Q what did {k} charge me?
Q how much do I have to pay {k}?
Q how much do I owe {k}?
Q what did {k}'s bill come to?

# insurance both v=insurer k=insurable group=insurance
S {my} {k} is insured with {v}.
S {I} ha[ve|s] {my2} {k} insured at {v}.
S {my} {k} insurance is with {v}.
S {v} insures {my} {k}.
S the insurance for {my} {k} is at {v}.
Q who is {my} {k} insured with?
Q where is {my} {k} insured?
Q which company is {my} {k} insurance with?
Q who insures {my} {k}?
P who was {my} {k} insured with before?
P which insurance did {I} have for {my2} {k} earlier?
C {I} moved {my2} {k} insurance from {o} to {v}.
C {my} {k} is insured with {v} now.

# policy me v=order k=insurable
S the policy number of my {k} insurance is {v}.
S my {k} insurance has the number {v}.
S {k} insurance, policy number {v}
S my policy number for the {k} is {v}.
Q what is the policy number of my {k} insurance?
Q which number does my {k} insurance have?
Q what's the number of the {k} insurance?
Q what is my policy number for the {k}?

# bank both v=bank group=bank
S {I} bank[s] with {v}.
S {my} bank is {v}.
S {I} ha[ve|s] {my2} account at {v}.
S {my} account is with {v}.
S {I} opened an account at {v}.
Q which bank {am} {I} with?
Q what is {my} bank?
Q where {do} {I} have {my2} account?
Q which bank is {my} account with?
Q where did {I} open an account?
P which bank was {I} with before?
P what was {my} old bank?
P where did {I} use to have {my2} account?
C {I} changed banks from {o} to {v}.
C {my} new bank is {v}.
C {I} closed the account at {o} and went to {v}.
N the customer of {v}

# account me v=iban k=bank
S my account number at {k} is {v}.
S my {k} account has the number {v}.
S account number, {k}: {v}
S the number of my account at {k} is {v}.
Q what is my account number at {k}?
Q which number does my {k} account have?
Q what's my bank account number at {k}?
Q what is the number of my account at {k}?

# budget me v=price k=budget_for
S my budget for {k} is {v}.
S I want to spend {v} on {k} at most.
S for {k} I have put aside {v}.
S I can spend {v} on {k}.
S we agreed on {v} for {k}.
Q what is my budget for {k}?
Q how much do I want to spend on {k}?
Q how much have I put aside for {k}?
Q how much can I spend on {k}?
Q what sum did we agree on for {k}?
P what was my budget for {k} before?
P how much did I want to spend on {k} at first?
C I raised the budget for {k} from {o} to {v}.
C my budget for {k} is {v} now.
C {o} was not enough for {k}, so it's {v}.

# savings both v=price k=savings_for group=savings
S {I} ha[ve|s] saved {v} for {k}.
S {I} put away {v} for {k}.
S {my} savings for {k} are {v}.
S {I} saved up {v} for {k}.
Q how much {have} {I} saved for {k}?
Q how much did {I} put away for {k}?
Q how much are {my} savings for {k}?
Q how much did {I} save up for {k}?

# subscription me v=price k=subscription
S I pay {v} a month for {k}.
S my subscription to {k} costs {v}.
S {k} costs me {v} a month.
S the monthly fee for {k} is {v}.
S I signed up for {k}, it's {v} a month.
Q how much do I pay for {k}?
Q what does my subscription to {k} cost?
Q what does {k} cost me?
Q what is the monthly fee for {k}?
P how much did {k} cost before?
P what was the old price of {k}?
C {k} went up from {o} to {v}.
C the price of {k} is {v} now.

# subscription_end me v=date k=subscription
S my subscription to {k} ends on {v}.
S I have to cancel {k} by {v}.
S {k} runs until {v}.
S my contract with {k} ends on {v}.
Q when does my subscription to {k} end?
Q by when do I have to cancel {k}?
Q until when does {k} run?
Q when does my contract with {k} end?

# password_hint me v=hint k=account_kind
S the hint for my {k} password is {v}.
S my {k} password has to do with {v}.
S password hint for {k}: {v}
S as a hint for the {k} password I chose {v}.
Q what is the hint for my {k} password?
Q what does my {k} password have to do with?
Q what's the password hint for {k}?
Q which hint did I choose for the {k} password?

# member_no me v=order k=membership
S my membership number at {k} is {v}.
S at {k} I'm member number {v}.
S my card for {k} has the number {v}.
S my member number for {k} is {v}.
Q what is my membership number at {k}?
Q which member number do I have at {k}?
Q what number is on my card for {k}?
Q what is my member number for {k}?
"""
