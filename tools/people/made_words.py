"""What invented people and companies are called, from which numbers they call. Every name is made up or of nobody in
particular."""

from __future__ import annotations

from typing import Final


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FREE: Final = ("gmail.com", "yahoo.com", "outlook.com", "hotmail.com", "icloud.com", "gmx.de", "web.de")
ROLES: Final = ("info", "sales", "office", "contact", "hello")
FIRST: Final = _listed(
    """
    James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard Susan
    Joseph Jessica Thomas Sarah Charles Karen Christopher Lisa Daniel Nancy Matthew Betty Anthony Margaret
    Mark Sandra Donald Ashley Steven Kimberly Paul Emily Andrew Donna Joshua Michelle Kenneth Carol Kevin
    Amanda Brian Dorothy George Melissa Timothy Deborah Ronald Stephanie Edward Rebecca Jason Sharon Jeffrey
    Laura Ryan Cynthia Jacob Kathleen Gary Amy Nicholas Angela Eric Shirley Jonathan Anna Stephen Brenda Larry
    Pamela Justin Emma Scott Nicole Brandon Helen Benjamin Samantha Samuel Katherine Gregory Christine
    Alexander Debra Frank Rachel Patrick Carolyn Raymond Janet Jack Maria Dennis Olivia Jerry Heather José
    María Lukas Jürgen Björn Anneliese Søren Łukasz Małgorzata François Éléonore Zoë Jörg Käthe Wolfgang
    Sergei Olga Natalia Vladimir Wei Hiroshi Priya Arjun Fatima Omar Aisha Noah Mia Mario Mateo Daniela Andrea
    Christian Christina Jan Jana Giulia Luca
    """
)
LAST: Final = _listed(
    """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson
    Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis
    Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall
    Rivera Campbell Mitchell Carter Roberts Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz
    Hoffmann Núñez Peña Muñoz García Lefèvre Dubois Rossi Bianchi Ferrari
    """
)
BEGIN: Final = _listed(
    """
    bar kal mor sten hol wen gar tra lin ber ros ak el dun fos hart klein brun sor vel zim pal ost ren gold
    sil tan
    """
)
MIDDLE: Final = _listed(
    """
    a e i o en er an ing el or
    """
)
END: Final = _listed(
    """
    mann berg stein son sen wicz ski ova dale ford well ton ley ham feld hoff ez ini etti aux ard low
    """
)
WORDS: Final = _listed(
    """
    north blue iron cloud river data solar prime delta nova atlas vertex lumen quartz orbit cedar harbor
    summit pixel echo
    """
)
KINDS: Final = _listed(
    """
    works labs systems group foods energy media health bank motors tech logistics partners robotics steel
    """
)
AREAS = (212, 415, 312, 617, 206, 303, 512, 404, 713, 305)
