"""Sending alerts: to a webhook, by mail, or both. What is sent names connections and runs, never a customer."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import localtime, make_msgid, parseaddr
from pathlib import Path

import requests

from config.operations import AlertSettings, MailSettings
from config.settings import follow
from sync.alerts import Message, Way

TIMEOUT = 20.0  # seconds


def ways(settings: AlertSettings, programme: str, *, file: Path) -> dict[str, Way]:
    """The ways of sending a message that the settings name.

    Raises:
        ConfigError: a reference to a secret leads nowhere.
    """

    def subject(message: Message) -> str:
        return f"bonus-malus {programme}: {message.name} {'raised' if message.raised else 'recovered'}"

    found: dict[str, Way] = {}
    if settings.webhook is not None:
        address = settings.webhook
        url = address if isinstance(address, str) else follow(address, f"{file}: alerts.webhook", beside=file.parent)
        found["webhook"] = lambda message: _post(url, subject(message), message)
    if settings.mail is not None:
        mail = settings.mail
        password = (
            None
            if mail.password is None
            else follow(mail.password, f"{file}: alerts.mail.password", beside=file.parent)
        )
        found["mail"] = lambda message: _mail(mail, password, subject(message), message)
    return found


def _post(url: str, subject: str, message: Message) -> None:
    # `text` is what Slack, Mattermost and Teams' workflows show; the rest is for machines.
    body = {"text": f"{subject}: {message.text}", "alert": message.name, "raised": message.raised}
    # What is said in answer interests nobody, and may come for ever.
    with requests.post(url, json=body, timeout=TIMEOUT, stream=True) as answer:
        answer.raise_for_status()
        if answer.request.method != "POST":  # as after 301 to 303: a page for people, which no message reached
            raise requests.HTTPError("redirected to where no message is taken")


def _mail(settings: MailSettings, password: str | None, subject: str, message: Message) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, settings.sender, ", ".join(settings.to)
    # Who takes mail in may refuse, or put away, what has no day and no name of its own.
    mail["Date"], mail["Message-ID"] = localtime(), make_msgid(domain=parseaddr(settings.sender)[1].rpartition("@")[2])
    mail.set_content(message.text)
    with smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT) as server:
        if settings.starttls:
            server.starttls(context=ssl.create_default_context())
        if settings.user is not None:
            server.login(settings.user, password or "")
        server.send_message(mail)
