"""The documents and events of EPCIS 2.0 as its official JSON schema has them.

Only the events that ask for something here: of objects, and of aggregations. A test
changes documents in every place and holds our verdict against the schema's.
"""

import re
from typing import Final

from printer_export.domain.aggregation.units import OFFSET_PATTERN
from printer_export.domain.epcis.shapes import (
    URI_PATTERN,
    Apart,
    Either,
    Many,
    Moment,
    Number,
    Others,
    Shape,
    Text,
    Thing,
    Word,
    YesOrNo,
)
from printer_export.domain.messages import message

MAX_NAMES: Final = 10_000
_A_URI: Final = message("a_uri")
URI: Final = Text(_A_URI, URI_PATTERN)
# What is stored or looked up has an end.
NAME: Final = Text(_A_URI, URI_PATTERN, 1024)
# In JSON the words of the vocabulary stand bare (EPCIS 2.0, section 10.2).
CBV: Final = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
_WEB: Final = re.compile(r"https?://(?:www\.)?gs1\.org/voc/")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STEPS: Final = _words(
    "accepting arriving assembling collecting commissioning consigning"
    " creating_class_instance cycle_counting decommissioning departing destroying"
    " disassembling dispensing encoding entering_exiting holding inspecting installing"
    " killing loading other packing picking receiving removing repackaging repairing"
    " replacing reserving retail_selling sampling sensor_reporting shipping"
    " staging_outbound stock_taking stocking storing transporting unloading unpacking"
    " void_shipping"
)
DISPOSITIONS: Final = _words(
    "active available completeness_inferred completeness_verified conformant"
    " container_closed container_open damaged destroyed dispensed disposed encoded"
    " expired in_progress in_transit inactive mismatch_class mismatch_instance"
    " mismatch_quantity needs_replacement no_pedigree_match non_conformant"
    " non_sellable_other partially_dispensed recalled reserved retail_sold returned"
    " sellable_accessible sellable_not_accessible stolen unavailable unknown"
)
TRANSACTIONS: Final = _words(
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt"
)
PARTIES: Final = _words("location owning_party possessing_party")
ERRORS: Final = _words("did_not_occur incorrect_data")
ALERTS: Final = _words("ALARM_CONDITION ERROR_CONDITION")
COMPONENTS: Final = _words(
    "altitude axial_distance azimuth easting elevation_angle height latitude longitude"
    " northing polar_angle spherical_radius x y z"
)
MEASURES: Final = _words(
    "AbsoluteHumidity AbsorbedDose AbsorbedDoseRate Acceleration Altitude"
    " AmountOfSubstance AmountOfSubstancePerUnitVolume Angle AngularAcceleration"
    " AngularMomentum AngularVelocity Area Capacitance Conductance Conductivity Count"
    " Density Dimensionless DoseEquivalent DoseEquivalentRate DynamicViscosity"
    " ElectricCharge ElectricCurrent ElectricCurrentDensity ElectricFieldStrength"
    " Energy Exposure Force Frequency Illuminance Inductance Irradiance"
    " KinematicViscosity Length LinearMomentum Luminance LuminousFlux"
    " LuminousIntensity MagneticFlux MagneticFluxDensity MagneticVectorPotential Mass"
    " MassConcentration MassFlowRate MassPerAreaTime MemoryCapacity MolalityOfSolute"
    " MolarEnergy MolarMass MolarVolume Power Pressure RadiantFlux RadiantIntensity"
    " Radioactivity RelativeHumidity Resistance Resistivity SolidAngle SpecificVolume"
    " Speed SurfaceDensity SurfaceTension Temperature Time Torque Voltage Volume"
    " VolumeFlowRate VolumeFraction VolumetricFlux Wavenumber"
)

_CONTEXT_PART: Final = Either(
    (URI, Thing({}, others=Others.ANY)), message("a_uri_or_object")
)
_CONTEXT: Final = Either(
    (_CONTEXT_PART, Apart(Many(_CONTEXT_PART))),
    message("a_context"),
)
_DISPOSITION: Final = Word(DISPOSITIONS, CBV)
_PLACE: Final = Thing({"id": Text(_A_URI, URI_PATTERN, 200)}, ("id",), Others.ANY)
_QUANTITY: Final = Thing(
    {
        "epcClass": URI,
        "quantity": Number(),
        "uom": Text(message("a_measure_unit"), re.compile("[A-Z0-9]{2,3}")),
    },
    ("epcClass",),
    Others.NONE,
)
_TRANSACTION: Final = Thing(
    {"type": Word(TRANSACTIONS, CBV), "bizTransaction": URI},
    ("bizTransaction",),
    Others.NONE,
)


def _party(name: str) -> Thing:
    fields: dict[str, Shape] = {"type": Word(PARTIES, CBV), name: URI}
    return Thing(fields, ("type", name), Others.NONE)


def _each(shape: Shape, names: str) -> dict[str, Shape]:
    return dict.fromkeys(names.split(), shape)


_DEVICE: Final = _each(URI, "deviceID deviceMetadata rawData dataProcessingMethod")
_REPORT: Final = (
    _DEVICE
    | _each(URI, "microorganism chemicalSubstance coordinateReferenceSystem uriValue")
    | _each(Number(), "value minValue maxValue meanValue sDev percRank percValue")
    | _each(Text(), "stringValue uom")
    | {
        "type": Word(MEASURES, _WEB),
        "exception": Word(ALERTS, _WEB),
        "time": Moment(),
        "component": Word(COMPONENTS, CBV),
        "booleanValue": YesOrNo(),
        "hexBinaryValue": Text(message("hex_digits"), re.compile("[A-Fa-f0-9]+")),
    }
)
_METADATA: Final = (
    _DEVICE | _each(URI, "bizRules") | _each(Moment(), "time startTime endTime")
)
_SENSOR: Final = Thing(
    {
        "sensorMetadata": Thing(_METADATA),
        "sensorReport": Many(Thing(_REPORT, ("type",)), at_least=1),
    },
    ("sensorReport",),
)

_EVENT: Final[dict[str, Shape]] = {
    "@context": _CONTEXT,
    "type": Text(),
    "eventTime": Moment(),
    "recordTime": Moment(),
    "eventTimeZoneOffset": Text(message("an_offset"), re.compile(OFFSET_PATTERN)),
    "eventID": NAME,
    "certificationInfo": Either((URI, Many(URI)), message("a_uri_or_list")),
    "errorDeclaration": Thing(
        {
            "declarationTime": Moment(),
            "reason": Word(ERRORS, CBV),
            "correctiveEventIDs": Many(URI),
        },
        ("declarationTime",),
    ),
    "action": Text(message("an_action"), re.compile("ADD|OBSERVE|DELETE")),
    "bizStep": Word(STEPS, CBV),
    "disposition": _DISPOSITION,
    "readPoint": _PLACE,
    "bizLocation": _PLACE,
    "bizTransactionList": Many(_TRANSACTION),
    "sourceList": Many(_party("source")),
    "destinationList": Many(_party("destination")),
    "sensorElementList": Many(_SENSOR),
}
_REQUIRED: Final = ("type", "eventTime", "eventTimeZoneOffset", "action", "bizStep")

EVENTS: Final = {
    "ObjectEvent": Thing(
        _EVENT
        | {
            "epcList": Apart(Many(NAME, at_most=MAX_NAMES)),
            "quantityList": Many(_QUANTITY),
            "persistentDisposition": Thing(
                _each(Apart(Many(_DISPOSITION, at_least=1)), "set unset"),
                others=Others.NONE,
                at_least=1,
            ),
            "ilmd": Thing({}),
        },
        _REQUIRED,
    ),
    "AggregationEvent": Thing(
        _EVENT
        | {
            "parentID": NAME,
            "childEPCs": Many(NAME, at_most=MAX_NAMES),
            "childQuantityList": Many(_QUANTITY),
        },
        _REQUIRED,
    ),
}

_ATTRIBUTE: Final = Thing(
    {
        "id": URI,
        "attribute": Either(
            (Number(), Text(), Thing({}, others=Others.ANY)),
            message("an_attribute"),
        ),
    },
    ("id",),
    Others.ANY,
)
_ELEMENT: Final = Thing(
    {"id": URI, "attributes": Many(_ATTRIBUTE), "children": Many(URI)},
    ("id",),
    Others.ANY,
)
_VOCABULARY: Final = Thing(
    {"type": URI, "vocabularyElementList": Many(_ELEMENT)}, ("type",), Others.ANY
)
# Without its body, which is read event by event.
DOCUMENT: Final = Thing(
    {
        "@context": _CONTEXT,
        "id": URI,
        "type": Text(message("a_document"), re.compile("EPCISDocument")),
        "schemaVersion": Text(
            message("a_version"), re.compile(r"2\.0(\.\d+)?", re.ASCII)
        ),
        "creationDate": Moment(),
        "instanceIdentifier": Text(),
        "sender": Text(),
        "receiver": Text(),
        "epcisHeader": Thing(
            {
                "epcisMasterData": Thing(
                    {"vocabularyList": Many(_VOCABULARY)}, others=Others.ANY
                )
            }
        ),
        "epcisBody": Thing({}, ("eventList",), Others.ANY),
    },
    ("@context", "type", "schemaVersion", "creationDate", "epcisBody"),
)
