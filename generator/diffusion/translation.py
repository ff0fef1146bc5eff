"""Turns texts into English on the processor, with a MarianMT or an NLLB model."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForSeq2SeqLM, AutoTokenizer

from generator.diffusion.checkpoints import quieten, sentence
from generator.errors import ModelError, NotTranslated
from generator.profiles import is_hub_id

log = logging.getLogger(__name__)

MAX_TOKENS = 160  # of one text; CLIP reads 75, and a translation has about as many as its original
MAX_SECONDS = 20.0  # for all texts of one request

NLLB_LANGUAGES = {
    "ar": "arb_Arab", "bg": "bul_Cyrl", "bn": "ben_Beng", "cs": "ces_Latn", "da": "dan_Latn",
    "de": "deu_Latn", "el": "ell_Grek", "es": "spa_Latn", "fa": "pes_Arab", "fi": "fin_Latn",
    "fr": "fra_Latn", "he": "heb_Hebr", "hi": "hin_Deva", "hr": "hrv_Latn", "hu": "hun_Latn",
    "hy": "hye_Armn", "id": "ind_Latn", "it": "ita_Latn", "ja": "jpn_Jpan", "ka": "kat_Geor",
    "ko": "kor_Hang", "lt": "lit_Latn", "mr": "mar_Deva", "ne": "npi_Deva", "nl": "nld_Latn",
    "no": "nob_Latn", "pl": "pol_Latn", "pt": "por_Latn", "ro": "ron_Latn", "ru": "rus_Cyrl",
    "sv": "swe_Latn", "ta": "tam_Taml", "te": "tel_Telu", "th": "tha_Thai", "tr": "tur_Latn",
    "uk": "ukr_Cyrl", "ur": "urd_Arab", "vi": "vie_Latn", "zh": "zho_Hans", "zh-TW": "zho_Hant",
}  # fmt: skip
"""From the codes of ``generator.language`` to NLLB's own (arXiv 2207.04672, table 1)."""
ENGLISH = "eng_Latn"


class Translator:
    """One model, which stays on the processor: texts are short, and the device is for pictures."""

    def __init__(self, name: str) -> None:
        """Load the model from a folder or the Hub.

        Raises ``ModelError`` where it cannot be loaded, or does not translate.
        """
        log.info("Loading the translator %s", name)
        quieten()
        # Marian's tokenizer asks for a package that straightens quotes; prompts do without.
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        path = Path(name).expanduser()
        if not path.is_dir() and not is_hub_id(name):
            raise ModelError("There is no translator at {model}: give a folder or a Hub id.", model=name)
        source = str(path) if path.is_dir() else name
        with sentence("The translator {model} cannot be loaded ({reason}).", model=name):
            kind = AutoConfig.from_pretrained(source).model_type
            if kind not in ("marian", "m2m_100"):
                raise ModelError(
                    "{model} is a {kind} model; the translator must be a MarianMT or an NLLB model.",
                    model=name,
                    kind=kind,
                )
            self._tokenizer: Any = AutoTokenizer.from_pretrained(source)
            model = AutoModelForSeq2SeqLM.from_pretrained(source, dtype=torch.float32, use_safetensors=True)
            self._model: Any = model.eval()
        self._many = kind == "m2m_100"

    def translate(self, texts: Sequence[str], language: str) -> tuple[str, ...]:
        """The texts in English; no sampling, so the same texts are always translated the same.

        Raises ``NotTranslated`` if a text is too long, the language is not known, or it takes too long.
        """
        begun = perf_counter()
        options = self._prepare(language)
        batch = self._tokenizer(list(texts), return_tensors="pt", padding=True)
        if batch["input_ids"].shape[1] > MAX_TOKENS:
            longest = max(texts, key=len)
            raise NotTranslated(
                "“{text}…” is too long to be translated; please shorten it.", text=longest[:40].rstrip()
            )
        with torch.inference_mode():
            tokens = self._model.generate(
                **batch,
                **options,
                do_sample=False,
                max_length=None,
                max_new_tokens=MAX_TOKENS,
                max_time=MAX_SECONDS,
            )
        if perf_counter() - begun > MAX_SECONDS:
            raise NotTranslated(
                "Your text could not be translated within {seconds} seconds; please shorten it, or write in "
                "English.",
                seconds=round(MAX_SECONDS),
            )
        return tuple(text.strip() for text in self._tokenizer.batch_decode(tokens, skip_special_tokens=True))

    def _prepare(self, language: str) -> dict[str, Any]:
        """Have the tokenizer mark texts as a language's; what `generate` needs to answer in English."""
        if not self._many:
            return {}
        code = NLLB_LANGUAGES.get(language)
        if code is None:
            raise NotTranslated("The translator does not know this language; please write in English.")
        self._tokenizer.src_lang = code
        return {"forced_bos_token_id": self._tokenizer.convert_tokens_to_ids(ENGLISH)}
