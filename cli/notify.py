"""Sending alerts: to a webhook, by mail, or both. What is sent names connections and runs, never a customer."""

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import requests

from config.operations import AlertSettings, MailSettings
from config.settings import follow
from sync.alerts import Message

TIMEOUT = 20.0  # seconds


def sender(settings: AlertSettings, programme: str, *, file: Path) -> Callable[[Message], None]:
    """What sends a message to everyone whom the settings name; raises OSError when it cannot be delivered.

    Raises:
        ConfigError: a reference to a secret leads nowhere.
    """
    ways: list[Callable[[str, Message], None]] = []
    if settings.webhook is not None:
        address = settings.webhook
        url = address if isinstance(address, str) else follow(address, f"{file}: alerts.webhook", beside=file.parent)
        ways.append(lambda subject, message: _post(url, subject, message))
    if settings.mail is not None:
        mail = settings.mail
        password = (
            None
            if mail.password is None
            else follow(mail.password, f"{file}: alerts.mail.password", beside=file.parent)
        )
        ways.append(lambda subject, message: _mail(mail, password, subject, message))

    def send(message: Message) -> None:
        subject = f"bonus-malus {programme}: {message.name} {'raised' if message.raised else 'recovered'}"
        for way in ways:
            way(subject, message)

    return send


def _post(url: str, subject: str, message: Message) -> None:
    # `text` is what Slack, Mattermost and Teams' workflows show; the rest is for machines.
    body = {"text": f"{subject}: {message.text}", "alert": message.name, "raised": message.raised}
    requests.post(url, json=body, timeout=TIMEOUT).raise_for_status()


def _mail(settings: MailSettings, password: str | None, subject: str, message: Message) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, settings.sender, ", ".join(settings.to)
    mail.set_content(message.text)
    with smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT) as server:
        if settings.starttls:
            server.starttls(context=ssl.create_default_context())
        if settings.user is not None:
            server.login(settings.user, password or "")
        server.send_message(mail)
