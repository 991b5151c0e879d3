"""Errors of a CRM, named by what to do next.

::

    CrmError
    ├── Fatal                 a person must act; trying again changes nothing
    │   ├── SignInRefused     the credentials or the client were refused
    │   └── NotPermitted      a scope or permission is missing; the message names it
    ├── TryLater              nothing is wrong here; the next run goes on where this one stopped
    │   ├── Unreachable       down, timed out, or answering with something that is not its API
    │   ├── QuotaSpent        the day's calls (the account's, or our share of them) are used up
    │   └── OutOfTime         the run, or a job inside the CRM, takes longer than it may
    └── CursorLost            the remote cursor is gone: read this window again from its start

The text of each says what, where and what to do now, with the vendor's request id where there was one; never a
secret, never a customer's e-mail.
"""


class CrmError(Exception):
    """A CRM did not do what we asked of it."""


class Fatal(CrmError):
    """A person must act; trying again changes nothing."""


class SignInRefused(Fatal):
    """The credentials or the client were refused."""


class NotPermitted(Fatal):
    """A scope or permission is missing; the message names it."""


class TryLater(CrmError):
    """Nothing is wrong here; the next run goes on where this one stopped."""


class Unreachable(TryLater):
    """Down, timed out, or answering with something that is not its API."""


class QuotaSpent(TryLater):
    """The day's calls (the account's, or our share of them) are used up."""


class OutOfTime(TryLater):
    """The run, or a job inside the CRM, takes longer than it may."""


class CursorLost(CrmError):
    """The remote cursor is gone: read this window again from its start."""
