"""Answers of people and machines, made of other hands' voices, as long as the published ones are.

Nobody has published a corpus. What is published: people's greetings last under 1.8 s, offices' 1.8 to 3.0 s, machines' over
3.0 s (LumenVox). Lengths are drawn from within these: homes from a lognormal of median 0.75 s, offices evenly, machines from
a lognormal of median 7 s. Assumed, because nothing is published: how soon somebody speaks (both alike, lognormal of median
0.6 s), that one person in eight says it again, that one office in twenty is longer than 3.0 s.
Texts and the speed at which they are said are chosen so that the length comes out; nothing is stretched.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from dialer.lab.ears.clips import Clip, on_the_line, recording
from dialer.lab.ears.rendering import RATE
from dialer.lab.ears.voices import Reader, Sound, Synthesizer, beeps, readers, synthesizers

HOME, OFFICE, MACHINE = "home", "office", "machine"

_SAID: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        HOME: ("Hello?", "Yes?", "Hi.", "Yeah, hello?", "Hello, this is Mary.", "John speaking.", "The Millers, hello?"),
        OFFICE: (
            "Good morning, Baker and Sons, how can I help?", "Northside Dental, this is Linda speaking.",
            "Thank you for calling Harper Motors, Steve speaking.", "Accounting department, Tom Brown, hello.",
        ),
        MACHINE: (
            "Hi, this is Tom. I can't come to the phone right now. Please leave a message after the tone.",
            "You have reached the Millers. We are not at home at the moment, so please leave your name and number.",
            "Hello. Your call has been forwarded to an automatic voice message system. The person you are calling is not available.",
            "The number you have dialled is not available. Please try again later, or leave a message after the beep.",
        ),
    },
    "es": {
        HOME: ("¿Diga?", "¿Bueno?", "¿Sí?", "Hola, ¿quién es?", "Sí, dígame."),
        OFFICE: ("Buenos días, talleres García, ¿en qué puedo ayudarle?", "Clínica del Norte, le atiende María."),
        MACHINE: (
            "Hola, soy Carlos. Ahora no puedo atenderle. Por favor, deje su mensaje después de la señal.",
            "El teléfono al que llama está apagado o fuera de cobertura. Puede dejar un mensaje después de la señal.",
        ),
    },
    "zh": {
        HOME: ("wei2?", "wei2, ni3 hao3.", "ni3 hao3.", "wei2, na3 wei4?", "wei2, shei2 a5?"),
        OFFICE: (
            "ni3 hao3, hua2 mei3 gong1 si1, qing3 wen4 zhao3 na3 wei4?",
            "nin2 hao3, ke4 fu2 bu4, hen3 gao1 xing4 wei4 nin2 fu2 wu4.",
        ),
        MACHINE: (
            "nin2 hao3, wo3 xian4 zai4 bu4 fang1 bian4 jie1 dian4 hua4, qing3 zai4 di1 sheng1 hou4 liu2 yan2.",
            "nin2 bo1 da3 de5 dian4 hua4 zan4 shi2 wu2 ren2 jie1 ting1, qing3 shao1 hou4 zai4 bo1, huo4 zhe3 liu2 yan2.",
        ),
    },
    "de": {
        HOME: ("Hallo?", "Ja?", "Ja, bitte?", "Müller.", "Schmidt, guten Tag."),
        OFFICE: ("Autohaus Berger, guten Tag, was kann ich für Sie tun?", "Praxis Doktor Klein, Sie sprechen mit Anna."),
        MACHINE: (
            "Hallo, hier ist Peter. Ich bin gerade nicht da. Bitte sprechen Sie nach dem Ton.",
            "Der gewünschte Gesprächspartner ist zurzeit nicht erreichbar. Bitte hinterlassen Sie eine Nachricht.",
        ),
    },
    "fr": {
        HOME: ("Allô?", "Oui?", "Oui, allô?", "Allô, qui est à l'appareil?", "Oui, bonjour."),
        OFFICE: ("Garage Martin, bonjour, que puis-je pour vous?", "Cabinet Dupont, Sophie à votre écoute."),
        MACHINE: (
            "Bonjour, vous êtes bien chez Paul. Je ne suis pas disponible. Laissez un message après le bip.",
            "Votre correspondant n'est pas disponible pour le moment. Veuillez laisser un message après le signal sonore.",
        ),
    },
    "pt": {
        HOME: ("Alô?", "Sim?", "Alô, quem fala?", "Oi.", "Pois não?"),
        OFFICE: ("Oficina Silva, bom dia, em que posso ajudar?", "Clínica do Norte, Ana, boa tarde."),
        MACHINE: (
            "Olá, aqui é o Pedro. Agora não posso atender. Deixe o seu recado após o sinal.",
            "Sua chamada está sendo encaminhada para a caixa postal, e estará sujeita a cobrança após o sinal.",
        ),
    },
}  # fmt: skip
_SPEEDS = (125, 145, 165, 190, 215)  # words a minute


@dataclass(frozen=True, slots=True)
class Answered:
    """Seconds from the answer. `greeting_end_s` of people is where they first stop to listen."""

    who: str
    voice: str
    clip: Clip
    greeting_start_s: float
    greeting_end_s: float
    beep_at_s: float | None = None

    @property
    def is_machine(self) -> bool:
        return self.who == MACHINE


class Cast:
    """The voices of one part, `train` or `test`."""

    def __init__(self, part: str) -> None:
        self._readers, self._synthesizers = readers(part), synthesizers(part)
        self._beep = recording(beeps()[0])

    def answer(self, who: str, random: Random) -> Answered:
        length_s = drawn_length_s(who, random)
        voice, greeting = self._greeting(who, length_s, random)
        lead = np.zeros(round(first_word_s(random) * RATE), np.float32)
        start_s, end_s = len(lead) / RATE, (len(lead) + len(greeting)) / RATE
        parts, beep_at_s = [lead, greeting], None
        if who == MACHINE:
            wait = _silence(random.uniform(0.1, 1.2))
            beep_at_s = end_s + len(wait) / RATE
            parts += [wait, self._tone(random)]
        elif random.random() < 1 / 8:
            parts += [_silence(random.uniform(1.0, 2.5)), greeting]
        parts.append(_silence(2.5))
        return Answered(who, voice, on_the_line(np.concatenate(parts), random), start_s, end_s, beep_at_s)

    def _greeting(self, who: str, length_s: float, random: Random) -> tuple[str, Sound]:
        # recorded voices for half of the answers, as there are fewer of them
        if random.random() < 0.5:
            reader = random.choice(self._readers)
            return reader.name, _read(reader, length_s, random)
        speaker = random.choice(self._synthesizers)
        return speaker.name, _said(speaker, who, length_s, random)

    def _tone(self, random: Random) -> Sound:
        """Asterisk's beep, or a sine."""
        if random.random() < 0.25:
            return self._beep
        time = np.arange(round(random.choice([0.12, 0.2, 0.35, 0.5, 1.0, 2.0]) * RATE)) / RATE
        wave = 9000 * np.sin(2 * np.pi * random.uniform(400, 2150) * time)
        edge = np.minimum(1, np.minimum(time, time[::-1]) / 0.01)
        return np.asarray(wave * edge, np.float32)


def _silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE), np.float32)


def first_word_s(random: Random) -> float:
    """After the answer."""
    return min(random.lognormvariate(float(np.log(0.6)), 0.6), 2.4)


def drawn_length_s(who: str, random: Random) -> float:
    if who == HOME:
        return _drawn(random, 0.75, 0.5, 0.25, 1.8)
    if who == OFFICE:
        return random.uniform(3.0, 4.5) if random.random() < 0.05 else random.uniform(1.8, 3.0)
    return _drawn(random, 7.0, 0.45, 3.0, 15.0)


def _drawn(random: Random, median: float, spread: float, low: float, high: float) -> float:
    while True:
        length = random.lognormvariate(float(np.log(median)), spread)
        if low <= length <= high:
            return length


def _said(speaker: Synthesizer, who: str, length_s: float, random: Random) -> Sound:
    """The text and the speed that come nearest; a machine goes on to another text."""
    if who == MACHINE:
        return _joined(
            length_s,
            random,
            lambda: speaker.say(random.choice(_SAID[speaker.language][who]), random.choice(_SPEEDS[:4])),
        )
    said = [
        speaker.say(text, speed)
        for text in _SAID[speaker.language][who]
        for speed in random.sample(_SPEEDS, 2)
    ]
    near = min(said, key=lambda each: abs(len(each) / RATE - length_s))
    return near if len(near) <= 1.2 * length_s * RATE else _cut(near, length_s)


def _read(reader: Reader, length_s: float, random: Random) -> Sound:
    """Prompts one after the other, ended at the pause that is nearest to the length."""
    return _cut(_joined(length_s, random, lambda: reader.read(random.randrange(1000))), length_s)


def _joined(length_s: float, random: Random, another: Callable[[], Sound]) -> Sound:
    parts: list[Sound] = [another()]
    while sum(map(len, parts)) < length_s * RATE:
        parts += [_silence(random.uniform(0.1, 0.6)), another()]
    return np.concatenate(parts)


def _cut(sound: Sound, length_s: float) -> Sound:
    """At the quietest place within 20 % of the length."""
    low, high = round(0.8 * length_s * RATE), min(round(1.2 * length_s * RATE), len(sound))
    if high - low < 400:
        return sound
    power = np.convolve(np.square(sound[low:high]), np.ones(240), "same")
    cut = sound[: low + int(power.argmin())].copy()
    cut[-80:] *= np.linspace(1, 0, min(80, len(cut)))
    loud = np.flatnonzero(np.abs(cut) > 200)
    return cut[: loud[-1] + 80] if len(loud) else sound[: round(length_s * RATE)]


def answers(part: str, shares: Sequence[tuple[str, int]], seed: int) -> list[Answered]:
    """So many of each kind, e.g. [("home", 100), ("machine", 100)]; the same for the same seed."""
    random, cast = Random(seed), Cast(part)
    return [cast.answer(who, random) for who, count in shares for _ in range(count)]
